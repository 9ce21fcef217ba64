/** The OpenAPI 3.1 document, from the routes and schemas that the server itself runs by. */
import { OpenAPIRegistry, OpenApiGeneratorV31, type ResponseConfig } from '@asteasolutions/zod-to-openapi'
import { z } from 'zod'
import { problemSchema } from './resources.ts'
import type { Route } from './route.ts'
import { typedRequests } from './typed-requests.ts'

/** `base` is the path below which the routes are mounted. */
export function openApiDocument(routes: readonly Route[], base: string) {
  const registry = new OpenAPIRegistry()
  registry.registerComponent('securitySchemes', 'session', {
    type: 'http',
    scheme: 'bearer',
    description: 'The token of POST /session',
  })
  for (const definition of routes) {
    const { id, method, path, summary, tag, params, query, body, mostFileBytes, keyed } = definition
    registry.registerPath({
      operationId: id,
      method,
      path: base + path.replace(/:(\w+)/g, '{$1}'),
      summary,
      tags: [tag],
      ...(definition.private ? { security: [{ session: [] }] } : {}),
      request: {
        ...(params === undefined ? {} : { params: params as z.ZodObject }),
        ...(query === undefined ? {} : { query: query as z.ZodObject }),
        ...(keyed ? { headers: keyHeader } : {}),
        ...(isKnownByEtag(definition) ? { headers: etagSent } : {}),
        ...(body === undefined ? {} : { body: { required: true, content: { 'application/json': { schema: body } } } }),
        ...(mostFileBytes === undefined ? {} : { body: { required: true, content: { [fileType]: { schema: file } } } }),
      },
      ...(typedRequests[id] === undefined ? {} : { 'x-eip712': typedRequests[id] }),
      responses: { ...answersOf(definition), default: problem },
    })
  }
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Commonwatt',
      version: '1',
      description:
        'A peer-to-peer marketplace for local solar energy. Times are ISO 8601 UTC, energies integer Wh, prices and money ' +
        'decimal strings in tokens; only what is signed travels as the integers that were signed. What is signed in a request ' +
        '(EIP-712) stands at its operation as `x-eip712`: types, domain and message, in which `{of, at, as}` says where a value ' +
        'stands: a JSON pointer into the body, the path, or the Area, Seat, Wallet or PasskeyAccount that the request is about; `as` bytes32 is ' +
        'the text’s bytes with zeros behind them, ledgerUnits tokens × 10^(priceDecimals + 3), baseUnits tokens × ' +
        '10^tokenDecimals of the area, calls each with the value 0, before one less, place its position among the values that its schema lists, from 0; `*` is each item of a list; `compact` asks for the 64 bytes of EIP-2098. A key signs in 65 or 64 bytes, a contract wallet as it ' +
        'does (EIP-1271). Lists page by an opaque cursor, at most 500 items a page. Errors are problem documents ' +
        '(RFC 9457) with a stable code. Reads carry a weak `ETag` and may be kept, but never used without asking: with it in ' +
        '`If-None-Match` an answer that would be the same is a 304 without a body, after the same checks of who asks. `Cache-Control` ' +
        'is `private, no-cache` for whoever has a session, `no-cache` else, and `no-store` for refusals, writes and the few reads that ' +
        'say why they have no `ETag`. Writes take no `If-Match`: what is signed carries the number of what it replaces, or a ' +
        'nonce that counts once, and the rest is one’s own choices, of which the last one holds. Live events come over socket.io: ' +
        'namespace /live.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: tagsInOrder.map((name) => ({ name })),
  })
}

const fileType = 'application/octet-stream'
const file = z.string().meta({ format: 'binary' })

/** As the documentation shows them, whatever the order in which routes are tried. */
const tagsInOrder = [
  'Market areas',
  'Official values',
  'Reports',
  'Documents',
  'Session',
  'Accounts',
  'Orders',
  'Forward trading',
  'Agreements',
  'Declarations',
  'Operation',
  'Grants',
  'Relay',
  'Demo',
]

const keyHeader = z.object({
  'Idempotency-Key': z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/)
    .optional()
    .meta({
      description:
        'Within a session: repeating the request with the same key has effect once and gets the first answer for a day. Refusals are not kept. Without a session it counts for nothing, since what is signed has effect once anyway',
    }),
})

const problem: ResponseConfig = {
  description: 'Refused; `code` says why',
  content: { 'application/problem+json': { schema: problemSchema } },
}

function isKnownByEtag({ method, answers, version, keptByNobody }: Route): boolean {
  return method === 'get' && keptByNobody === undefined && (typeof answers[200] !== 'string' || version !== undefined)
}

const etagSent = z.object({
  'If-None-Match': z.string().optional().meta({ description: 'The `ETag` of an answer that was kept' }),
})

/** What the answer to a read says of keeping it. */
function keeping(definition: Route): Pick<ResponseConfig, 'headers'> {
  if (definition.method !== 'get') return {}
  if (!isKnownByEtag(definition)) {
    return {
      headers: z.object({ 'Cache-Control': z.literal('no-store').meta({ description: definition.keptByNobody! }) }),
    }
  }
  const of = definition.version ?? 'the JSON, whether it comes packed or not'
  return { headers: z.object({ ETag: z.string().meta({ description: `Weak; names ${of}` }) }) }
}

function answersOf(definition: Route): Record<string, ResponseConfig> {
  const answers = Object.entries(definition.answers).map(([status, form]): [string, ResponseConfig] => {
    const own = { description: descriptions[status] ?? 'Done', ...(status === '200' ? keeping(definition) : {}) }
    if (form === null) return [status, own]
    if (typeof form === 'string') return [status, { ...own, content: { [form]: { schema: z.string() } } }]
    return [status, { ...own, content: { 'application/json': { schema: form } } }]
  })
  if (isKnownByEtag(definition)) answers.push(['304', { description: descriptions[304]! }])
  return Object.fromEntries(answers)
}

const descriptions: Record<string, string> = {
  200: 'Done',
  201: 'Created',
  202: 'On its way to the chain',
  204: 'Done; no body',
  304: 'What `If-None-Match` names is the answer still; no body',
}
