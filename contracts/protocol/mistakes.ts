/** What is wrong with a file or message that does not have its form, in plain words: what is wanted where, with its unit, and what came. */
import { z } from 'zod'

/** A place, from the outside in, and what is wrong there. */
export interface Mistake {
  path: PropertyKey[]
  message: string
}

/** More are counted, not told: a file of another kind has them everywhere. */
const mostTold = 8

/** The value as its form makes it, or what is wrong with it: at most `most` mistakes, the outermost first. */
export function checkForm<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  most = Number.POSITIVE_INFINITY,
): { data: z.output<Schema>; mistakes: null } | { data: null; mistakes: Mistake[] } {
  const { success, data, error } = schema.safeParse(value, { error: () => unsaid })
  if (success) return { data, mistakes: null }
  const said = error.issues.slice(0, most).flatMap((issue) => sayIssue(issue, { schema, value, most }))
  // A text that is too long and has another form besides is said to be so once.
  const byLine = new Map(said.map((mistake) => [mistakeLine(mistake), mistake]))
  return { data: null, mistakes: [...byLine.values()].slice(0, most) }
}

/** A line for each mistake, "place: what", the first eight of them; the place in front is left out where it is the whole. */
export function mistakeLines(mistakes: readonly Mistake[]): string[] {
  const more = mistakes.length - mostTold
  const lines = mistakes.slice(0, mostTold).map(mistakeLine)
  return more > 0 ? [...lines, `and ${more} more`] : lines
}

export function mistakeLine({ path, message }: Mistake): string {
  return path.length === 0 ? message : `${path.join('.')}: ${message}`
}

/** Stands where a schema has no words of its own, in place of the library's. */
const unsaid = '\u0000'

type Issue = z.core.$ZodIssue

function sayIssue(issue: Issue, checked: { schema: z.ZodType; value: unknown; most: number }): Mistake[] {
  const { path } = issue
  const { schema, value, most } = checked
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .slice(0, most)
      .map((key) => ({ path: [...path, key.slice(0, mostLetters)], message: 'has no meaning here' }))
  }
  const nearest = issue.code === 'invalid_union' ? nearestOf(issue.errors) : []
  if (nearest.length > 0) {
    return nearest.flatMap((inner) => sayIssue({ ...inner, path: [...path, ...inner.path] }, checked))
  }
  const came = valueAt(value, path)
  if (issue.message !== unsaid) {
    const isOfForm = issue.code === 'invalid_format'
    return [{ path, message: isOfForm ? `must be ${issue.message}, not ${shown(came)}` : issue.message }]
  }
  const wanted = wantedAt(schema, path)
  if (came === undefined) return [{ path, message: wanted === null ? 'is missing' : `is missing: ${wanted}` }]
  return [{ path, message: wanted === null ? `cannot be ${shown(came)}` : `must be ${wanted}, not ${shown(came)}` }]
}

/** Of the forms that a value may have, the mistakes in the one that it comes nearest to; none where it is like none of them. */
function nearestOf(errors: readonly (readonly Issue[])[]): readonly Issue[] {
  const alike = errors.filter((issues) => issues.every(({ path }) => path.length > 0))
  return alike.toSorted((one, other) => one.length - other.length)[0] ?? []
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => {
    return typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key) ? inner[key as never] : undefined
  }, value)
}

const mostLetters = 40

/** A value in few letters. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value !== 'string') return String(value)
  return JSON.stringify(value.length > mostLetters ? `${value.slice(0, mostLetters)}…` : value)
}

/** A form as JSON Schema says it. */
type Form = z.core.JSONSchema.JSONSchema

const formsOfSchemas = new WeakMap<z.ZodType, Form>()

/** Made when somebody makes the first mistake. */
function formOf(schema: z.ZodType): Form {
  const known = formsOfSchemas.get(schema)
  if (known !== undefined) return known
  const override = ({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: Form }) => {
    if (jsonSchema.type === 'string') jsonSchema.title = wordsOf(zodSchema)
  }
  const form = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', override }) as Form
  formsOfSchemas.set(schema, form)
  return form
}

/** What a schema of texts says itself of the pattern that it wants. */
function wordsOf({ _zod: { def } }: z.core.$ZodType): string | undefined {
  const words = def.checks?.map((check) => check._zod.def.error?.({} as never))
  // What says only what is wrong with a text does not say what is wanted.
  return words?.find((said) => typeof said === 'string' && !/^(is no|has|no) /.test(said)) as string | undefined
}

/** What the schema wants at a place, null where it cannot be said in few words. */
function wantedAt(schema: z.ZodType, path: readonly PropertyKey[]): string | null {
  const root = formOf(schema)
  const forms = path.reduce<Form[]>(
    (outer, key) => outer.flatMap((form) => waysOf(form, root)).flatMap((form) => partOf(form, key)),
    [root],
  )
  const name = path.findLast((key) => typeof key === 'string') as string | undefined
  const wanted = forms.flatMap((form) => waysOf(form, root)).map((form) => wantedBy(form, name ?? ''))
  return wanted.length === 0 || wanted.includes(null) ? null : [...new Set(wanted)].join(' or ')
}

/** The forms of which one is enough. */
function waysOf(form: Form, root: Form): Form[] {
  if (form.$ref !== undefined) {
    const named = form.$ref === '#' ? root : root.$defs?.[form.$ref.split('/').at(-1)!]
    return named === undefined ? [] : waysOf(named, root)
  }
  const { description } = form
  const ways = (form.anyOf ?? form.oneOf) as Form[] | undefined
  if (ways === undefined) return [form]
  return ways.flatMap((way) => waysOf(way, root)).map((way) => (description ? { description, ...way } : way))
}

function partOf(form: Form, key: PropertyKey): Form[] {
  const part = typeof key === 'number' ? form.items : (form.properties?.[String(key)] ?? form.additionalProperties)
  return typeof part === 'object' && !Array.isArray(part) ? [part as Form] : []
}

function wantedBy(form: Form, name: string): string | null {
  if (form.const !== undefined) return JSON.stringify(form.const)
  if (form.enum !== undefined) return `one of ${form.enum.map((each) => JSON.stringify(each)).join(', ')}`
  switch (form.type) {
    case 'integer':
      return `a whole number${rangeOf(form)}${unitOf(form, name)}`
    case 'number':
      return `a number${rangeOf(form)}${unitOf(form, name)}`
    case 'string':
      if (form.format === 'date-time') return 'a time in UTC such as 2026-11-29T12:00:00Z'
      if (form.title !== undefined) return form.title
      return form.pattern === undefined ? `a text${lengthOf(form.minLength, form.maxLength, 'characters')}` : null
    case 'array':
      return `a list${lengthOf(form.minItems, form.maxItems, 'elements')}`
    case 'object':
      return 'an object'
    case 'boolean':
      return 'true or false'
    case 'null':
      return 'null'
    default:
      return null
  }
}

function rangeOf({ minimum, maximum, exclusiveMinimum }: Form): string {
  const least = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? null : minimum
  const most = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? null : maximum
  if (least !== null && most !== null) return ` from ${least} to ${most}`
  if (least !== null) return `, at least ${least}`
  if (exclusiveMinimum !== undefined) return `, above ${exclusiveMinimum}${most === null ? '' : `, at most ${most}`}`
  return most === null ? '' : `, at most ${most}`
}

function lengthOf(least: number | undefined, most: number | undefined, what: string): string {
  if (least !== undefined && most !== undefined) return ` of ${least} to ${most} ${what}`
  if (most !== undefined) return ` of at most ${most} ${what}`
  return least === undefined || least <= 1 ? '' : ` of at least ${least} ${what}`
}

/** The unit with which a quantity's name ends. */
const units: readonly [RegExp, string][] = [
  [/PerKwh$/, 'tokens per kWh'],
  [/Kwh$/, 'kWh'],
  [/Kwp$/, 'kWp'],
  [/Kw$/, 'kW'],
  [/Deg$/, 'degrees'],
  [/(^w|W)h$/, 'Wh'],
  [/W$/, 'W'],
  [/(^s|S)econds$/, 'seconds'],
  [/Ms$/, 'milliseconds'],
  [/(^p|P)ercent$/, '%'],
  [/Millionths$/, 'millionths'],
]

/** In brackets: what the form's description begins with, else the unit of the name. */
function unitOf({ description }: Form, name: string): string {
  const said = description?.split(/;|: /)[0] ?? units.find(([end]) => end.test(name))?.[1]
  return said === undefined ? '' : ` (${said})`
}
