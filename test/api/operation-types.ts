/**
 * Writes `web/api/reads.ts` and `web/api/writes.ts`: the types of all operations of the API, from the routes that the server runs
 * by and that its OpenAPI document is made from. A schema that the server exports is named, so that the page has exactly its type; what stands in
 * a route alone is written out.
 */
import { z } from 'zod'
import type { Route } from '../../server/api/route.ts'

/** Where a schema is exported. */
export interface SchemaPlace {
  name: string
  /** Seen from `web/api/`. */
  module: string
}

type JsonSchema = z.core.JSONSchema.JSONSchema
/** `input` of what is sent, `output` of what is answered. */
type Direction = 'input' | 'output'

/** A file with the operations of these methods: an interface for each, by path. */
export function operationTypes(
  routes: readonly Route[],
  methods: Readonly<Partial<Record<Route['method'], string>>>,
  exported: ReadonlyMap<unknown, SchemaPlace>,
): string {
  const used = new Map<string, Set<string>>()

  function typeOf(schema: z.ZodType, io: Direction): string {
    const json = z.toJSONSchema(schema, {
      io,
      // Without the ids of schemas: each stands where it is used.
      metadata: z.registry(),
      unrepresentable: 'any',
      override({ zodSchema, jsonSchema }) {
        const place = exported.get(zodSchema)
        if (place !== undefined && isStructure(jsonSchema)) jsonSchema.named = place
      },
    })
    return written(json, io)
  }

  function written(json: z.core.JSONSchema._JSONSchema, io: Direction): string {
    if (typeof json === 'boolean') return 'unknown'
    if (json.named !== undefined) {
      const { name, module } = json.named as SchemaPlace
      used.set(module, (used.get(module) ?? new Set()).add(name))
      return `z.${io}<typeof ${name}>`
    }
    const choices = json.anyOf ?? json.oneOf
    if (choices !== undefined) return choices.map((each) => written(each, io)).join(' | ')
    if (json.const !== undefined) return literal(json.const)
    if (json.enum !== undefined) return json.enum.map(literal).join(' | ')
    const types = [json.type ?? []].flat().map((type) => {
      if (type === 'array') return `(${written(json.items as JsonSchema, io)})[]`
      if (type === 'object') return json.properties === undefined ? recordOf(json, io) : members(json, io)
      return type === 'integer' ? 'number' : type
    })
    return types.join(' | ') || 'unknown'
  }

  function recordOf({ additionalProperties = true }: JsonSchema, io: Direction): string {
    return `Record<string, ${written(additionalProperties, io)}>`
  }

  function members({ properties = {}, required = [] }: JsonSchema, io: Direction): string {
    const all = Object.entries(properties).map(
      ([name, json]) => `${name}${required.includes(name) ? '' : '?'}: ${written(json, io)}`,
    )
    return all.length === 0 ? nothing : `{ ${all.join('; ')} }`
  }

  /** What fills the path in, and the query. A name stands for one of the two only. */
  function asksOf({ id, path, params, query }: Route): string {
    const asked = [params, query].flatMap((each) => (each instanceof z.ZodObject ? [each] : []))
    const open = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!)
    const names = asked.flatMap((each) => Object.keys(each.shape))
    if (new Set(names).size < names.length) throw new Error(`${id} has one name in its path and its query`)
    const untold = open.filter((name) => !names.includes(name)).map((name) => `${name}: string`)
    const told = asked.map((each) => typeOf(each, 'input')).filter((each) => each !== nothing)
    return [...(untold.length === 0 ? [] : [`{ ${untold.join('; ')} }`]), ...told].join(' & ') || nothing
  }

  function operation(route: Route): string {
    const forms = Object.values(route.answers)
    const answers = new Set(forms.flatMap((form) => (form instanceof z.ZodType ? [typeOf(form, 'output')] : [])))
    const file = forms.find((form) => typeof form === 'string')
    const body = route.body === undefined ? nothing : typeOf(route.body, 'input')
    const parts = [
      `asks: ${asksOf(route)}`,
      ...(route.method !== 'post' ? [] : [route.mostFileBytes === undefined ? `body: ${body}` : 'bytes: Blob']),
      ...(answers.size === 0 ? [] : [`answer: ${[...answers].join(' | ')}`]),
      ...(file === undefined ? [] : [`file: ${literal(file)}`]),
    ]
    return `  '${route.path.replaceAll(/:(\w+)/g, '{$1}')}': { ${parts.join('; ')} }`
  }

  const interfaces = Object.entries(methods).map(([method, name]) => {
    const own = routes.filter((route) => route.method === method).map(operation)
    return `export interface ${name} {\n${own.sort().join('\n')}\n}\n`
  })
  const imports = [...used].map(([module, names]) => `import type { ${[...names].sort().join(', ')} } from '${module}'`)
  return `/**
 * Operations of the API, by path: what fills the path in and the query (\`asks\`), the JSON that is sent (\`body\`), and the JSON
 * (\`answer\`) or the kind of file (\`file\`) that comes back. \`npm run api:types\` writes this from the server's routes.
 */
import type { z } from 'zod'
${imports.join('\n')}

type Nothing = Record<string, never>

${interfaces.join('\n')}`
}

const nothing = 'Nothing'

function literal(value: unknown): string {
  return JSON.stringify(value)
}

/** A name says more than `string` only of what has parts. */
function isStructure({ type, anyOf, oneOf }: JsonSchema): boolean {
  return type === 'object' || anyOf !== undefined || oneOf !== undefined
}
