/** The port on which Prometheus reads. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client'
import { version } from '../package.json' with { type: 'json' }

/** Measures the process itself, and says of which release it is. */
export function measureProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry })
  const help = 'Always 1; its label says which release runs'
  new Gauge({ name: 'commonwatt_build_info', help, labelNames: ['release'], registers: [registry] }).set(
    { release: version },
    1,
  )
}

/** Serves `/metrics`, and health beside it, to those who watch the program. What cannot be measured now is status 500, and no more. */
export function createMetricsServer(registry: Registry, ready: () => Promise<string[]>): Server {
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split('?')[0]
    if (path === '/metrics') {
      response.setHeader('Content-Type', registry.contentType).end(await registry.metrics())
    } else if (path === '/readyz') {
      const notReady = await ready()
      response.statusCode = notReady.length === 0 ? 200 : 503
      const body = { ready: notReady.length === 0, notReady }
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(body))
    } else {
      response.statusCode = path === '/healthz' ? 200 : 404
      response.end()
    }
  }
  return createServer((request, response) => {
    answer(request, response).catch((error: Error) => {
      response.statusCode = 500
      response.setHeader('Content-Type', 'text/plain').end(`this cannot be measured now: ${error.message}\n`)
    })
  })
}
