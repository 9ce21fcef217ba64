/** The port on which Prometheus reads. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { hostname } from 'node:os'
import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client'
import { version } from '../package.json' with { type: 'json' }
import { ownNames } from './api/hosts.ts'

/** Measures the process itself, and says of which release it is. */
export function measureProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry })
  const help = 'Always 1; its label says which release runs'
  new Gauge({ name: 'commonwatt_build_info', help, labelNames: ['release'], registers: [registry] }).set(
    { release: version },
    1,
  )
}

interface Measured {
  registry: Registry
  /** What is not ready, a sentence each. */
  ready(): Promise<string[]>
  /** Under which names this machine is known, beside its own and its addresses: another site's page must not read here under its own name. */
  names: readonly string[]
}

/** Serves `/metrics`, and health beside it, to those who watch the program. What cannot be measured now is status 500, and no more. */
export function createMetricsServer({ registry, ready, names }: Measured): Server {
  const isOwnName = ownNames([hostname(), ...names])
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split('?')[0]
    if (!isOwnName(request)) {
      response.statusCode = 403
      response.setHeader('Content-Type', 'text/plain').end('ask by the address of this machine\n')
    } else if (path === '/metrics') {
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
