/** What people open in a browser: the page with its routes, and the API's documentation, all served from here alone. */
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import express, { type RequestHandler, Router } from 'express'

const require = createRequire(import.meta.url)
const yearSeconds = 365 * 86_400

/** Nothing is loaded from elsewhere; React and the documentation set styles by script. */
const everyAnswer: [name: string, value: string][] = Object.entries({
  'Content-Security-Policy': [
    "default-src 'self'",
    "img-src 'self' data:",
    "style-src 'self' 'unsafe-inline'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
})

/** Headers that every answer carries. Node's own setter: Express's looks each value over for a character set, ten times slower. */
export const securityHeaders: RequestHandler = (_request, response, next) => {
  for (const [name, value] of everyAnswer) response.setHeader(name, value)
  next()
}

/** The built page: hashed assets for a year, `index.html` for every address that is no file. */
export function servePage(folder: string): Router {
  const router = Router()
  router.use(
    '/assets',
    asPacked(join(folder, 'assets')),
    express.static(join(folder, 'assets'), {
      index: false,
      fallthrough: true,
      immutable: true,
      maxAge: yearSeconds * 1000,
    }),
  )
  router.use(
    express.static(folder, {
      index: false,
      cacheControl: false,
      setHeaders: (response) => response.set('Cache-Control', 'no-cache'),
    }),
  )
  router.use((request, response, next) => {
    const isPage =
      (request.method === 'GET' || request.method === 'HEAD') && request.accepts(['html', 'json']) === 'html'
    if (!isPage || /\.\w+$/.test(request.path)) return next()
    response.set('Cache-Control', 'no-cache').sendFile('index.html', { root: folder })
  })
  return router
}

/** How the build packs a part, the smallest form first: browsers take Brotli only over HTTPS and from their own machine. */
const packings = [
  { encoding: 'br', ending: '.br' },
  { encoding: 'gzip', ending: '.gz' },
]

/** Leads whoever takes it so to the packed form of a part, which lies beside it. */
function asPacked(folder: string): RequestHandler {
  const files = new Set(readdirSync(folder))
  return (request, response, next) => {
    response.vary('Accept-Encoding')
    const packing = packings.find(
      ({ encoding, ending }) =>
        files.has(`${request.url.slice(1)}${ending}`) && request.acceptsEncodings(encoding) === encoding,
    )
    if (packing !== undefined) {
      response.type(extname(request.url)).set('Content-Encoding', packing.encoding)
      request.url += packing.ending
    }
    next()
  }
}

const documentation = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Commonwatt API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`
/** `validatorUrl: null` keeps the viewer from asking a server elsewhere. */
const start = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', validatorUrl: null, deepLinking: true })
`
const viewerFiles = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png']

/** The OpenAPI document as a page. */
export function serveDocumentation(): Router {
  const viewer = dirname(require.resolve('swagger-ui-dist/package.json'))
  const router = Router()
  router.get('/', (_request, response) => {
    response.type('html').send(documentation)
  })
  router.get('/start.js', (_request, response) => {
    response.type('js').send(start)
  })
  for (const file of viewerFiles) {
    router.get(`/${file}`, (_request, response) => response.sendFile(file, { root: viewer, maxAge: 86_400_000 }))
  }
  return router
}
