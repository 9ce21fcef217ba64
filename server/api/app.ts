/** The HTTP side: the API with its document and health, and the page. */
import { gzipSync } from 'node:zlib'
import express, { type ErrorRequestHandler, type Express, type RequestHandler, Router } from 'express'
import { Histogram, type Registry } from 'prom-client'
import { version as release } from '../../package.json' with { type: 'json' }
import { createSignIn } from '../accounts/sign-in.ts'
import { createNodeAllowance } from './allowance.ts'
import { createAreaTables } from './area-tables.ts'
import type { IsOwnHost } from './hosts.ts'
import { etagOf, isKept, keepNothing } from './kept-answers.ts'
import { openApiDocument } from './openapi.ts'
import { securityHeaders, serveDocumentation, servePage } from './pages.ts'
import type { ApiParts } from './parts.ts'
import { ApiError, internalProblem, problemOf } from './problem.ts'
import { createRelayAdmission } from './relay-admission.ts'
import { mayPack, mountRoute, type Route, sendProblem } from './route.ts'
import { accountRoutes } from './routes/accounts.ts'
import { agreementRoutes } from './routes/agreements.ts'
import { areaRoutes } from './routes/areas.ts'
import { budgetRoutes } from './routes/budgets.ts'
import { declarationRoutes } from './routes/declarations.ts'
import { demoRoutes } from './routes/demo.ts'
import { documentRoutes } from './routes/documents.ts'
import { everythingRoutes } from './routes/everything.ts'
import { exportedValueRoutes } from './routes/exported-values.ts'
import { feederRoutes } from './routes/feeders.ts'
import { forwardRoutes } from './routes/forward.ts'
import { grantRoutes } from './routes/grants.ts'
import { growthRoutes } from './routes/growth.ts'
import { invitationRoutes } from './routes/invitations.ts'
import { meterRoutes } from './routes/meters.ts'
import { noticeRoutes } from './routes/notices.ts'
import { officialRoutes } from './routes/official.ts'
import { operationRoutes } from './routes/operation.ts'
import { orderRoutes } from './routes/orders.ts'
import { pairingRoutes } from './routes/pairings.ts'
import { partnerRoutes } from './routes/partners.ts'
import { passkeyAccountRoutes } from './routes/passkey-accounts.ts'
import { relayRoutes } from './routes/relays.ts'
import { releaseRoutes } from './routes/releases.ts'
import { reportRoutes } from './routes/reports.ts'
import { sessionRoutes } from './routes/session.ts'
import { tariffRoutes } from './routes/tariff.ts'
import { totalsRoutes } from './routes/totals.ts'
import { watchingRoutes } from './routes/watching.ts'
import { witnessRoutes } from './routes/witnesses.ts'
import { createTurns } from './turns.ts'

const base = '/api/v1'

export function createApp(parts: ApiParts): Express {
  const { log, registry, ready } = parts
  const routes = apiRoutes(parts)
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag') // Answers of the API get theirs in `route.ts`, files of the page from `express.static`.
  app.set('query parser', 'simple')
  app.use(measureRequests(registry))
  app.use(securityHeaders)

  app.get('/healthz', (_request, response) => {
    response.json({ ok: true, release })
  })
  app.get('/readyz', async (_request, response) => {
    const notReady = await ready()
    response.status(notReady.length === 0 ? 200 : 503).json({ ready: notReady.length === 0, notReady })
  })

  app.use(requireOwnHost(parts.isOwnHost))
  // Written once: it is the longest answer that anybody gets.
  const document = Buffer.from(JSON.stringify(openApiDocument(routes, base)))
  const packedDocument = gzipSync(document)
  const etag = etagOf(document)
  app.get('/openapi.json', (_request, response) => {
    if (isKept(response, { etag, isOwn: false })) return response.end()
    const isPacked = mayPack(response)
    response.type('json').send(isPacked ? packedDocument : document)
  })
  app.use('/docs', serveDocumentation())

  const api = Router({ caseSensitive: true })
  api.use((_request, response, next) => {
    // Until it is known what the answer is: a refusal, and the answer to a write, is kept by nobody.
    keepNothing(response)
    next()
  })
  const limits = { nodeReads: createNodeAllowance(), slow: createTurns() }
  for (const definition of routes) mountRoute(api, definition, { ...parts, ...limits })
  api.use(nothingHere)
  app.use(base, api)

  if (parts.pageFolder !== null) app.use(servePage(parts.pageFolder))
  app.use(nothingHere)
  app.use(((error, request, response, next) => {
    const problem = problemOf(error)
    if (problem === null) log.error({ err: error, method: request.method, path: request.path }, 'a request failed')
    if (response.headersSent) return next(error)
    sendProblem(response, problem ?? internalProblem)
  }) satisfies ErrorRequestHandler)
  return app
}

export function apiRoutes(parts: ApiParts): Route[] {
  const { database, areas, servicesOf } = parts
  const signIn = createSignIn(database, {
    origins: parts.origins,
    walletSignaturesOn(chainId) {
      const area = areas.all().find(({ settings }) => settings.chain.chainId === chainId)
      return area === undefined ? null : servicesOf(area.settings.area).isWalletSignature
    },
    accountsOn(chainId) {
      const ofChain = areas.all().filter(({ settings }) => settings.chain.chainId === chainId)
      return ofChain.flatMap(({ settings }) => servicesOf(settings.area).accounts ?? [])
    },
  })
  const orderParts = { ...parts, tables: createAreaTables(database, areas) }
  const admission = createRelayAdmission(orderParts)
  // Orders first, since they come most often: a router tries its routes one after the other.
  const routes = [
    ...orderRoutes(orderParts),
    ...budgetRoutes(orderParts),
    ...forwardRoutes(orderParts),
    ...agreementRoutes(orderParts),
    ...declarationRoutes(orderParts),
    ...areaRoutes(orderParts),
    ...officialRoutes(orderParts),
    ...exportedValueRoutes(orderParts),
    ...feederRoutes(orderParts),
    ...witnessRoutes(orderParts),
    ...reportRoutes(orderParts),
    ...releaseRoutes(orderParts),
    ...documentRoutes(orderParts),
    ...watchingRoutes(parts),
    ...operationRoutes(parts),
    ...tariffRoutes(orderParts),
    ...growthRoutes(orderParts),
    ...sessionRoutes(parts, signIn),
    ...accountRoutes(orderParts),
    ...totalsRoutes(orderParts),
    ...partnerRoutes(orderParts),
    ...pairingRoutes(orderParts),
    ...meterRoutes(orderParts),
    ...noticeRoutes(orderParts),
    ...relayRoutes(orderParts, admission),
    ...passkeyAccountRoutes(orderParts, admission),
    ...grantRoutes(orderParts, admission),
    ...invitationRoutes(orderParts),
    ...demoRoutes(parts),
  ]
  return [...routes, ...everythingRoutes(orderParts, routes)]
}

const nothingHere: RequestHandler = (request) => {
  throw new ApiError(
    'ROUTE_UNKNOWN',
    `${request.method} ${request.originalUrl.split('?')[0]!.slice(0, 200)} is nothing that this server has`,
  )
}

function requireOwnHost(isOwnHost: IsOwnHost): RequestHandler {
  return (request, _response, next) => {
    if (isOwnHost(request)) return next()
    const host = (request.headers.host ?? '').slice(0, 200)
    throw new ApiError('HOST_UNKNOWN', `"${host}" is no name of this server; its operator names them with --origin`)
  }
}

function measureRequests(registry: Registry): RequestHandler {
  const seconds = new Histogram({
    name: 'commonwatt_http_request_seconds',
    help: 'Duration of HTTP requests',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  })
  return (request, response, next) => {
    const end = seconds.startTimer()
    response.once('close', () => {
      const path = request.route === undefined ? 'other' : `${request.baseUrl}${request.route.path}`
      end({ method: request.method, route: path, status: response.statusCode })
    })
    next()
  }
}
