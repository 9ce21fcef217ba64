/** The port on which Prometheus reads. */
import { createServer, type Server } from 'node:http'
import type { Registry } from 'prom-client'

/** Serves `/metrics`, and health beside it, to those who watch the program. */
export function createMetricsServer(registry: Registry, ready: () => Promise<string[]>): Server {
  return createServer(async (request, response) => {
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
  })
}
