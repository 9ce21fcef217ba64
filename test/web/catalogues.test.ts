/** Every text that the page shows lies in a catalogue, in every language, in the words of the people who read it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAst } from 'rolldown/parseAst'
import { describe, expect, it } from 'vitest'
import { percentage, percentWords, shareWords } from '../../web/money/format.ts'
import { duration } from '../../web/time/clock.ts'
import { type Catalogue, pageLanguages, preferred } from '../../web/words/language.ts'

const root = join(import.meta.dirname, '../../web')
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file))
  .sort()
const catalogueFiles = (folder: string) => readdirSync(join(root, folder)).map((file) => join(folder, file))
const isCatalogue = (file: string) => /(^|[/-])(words|vocabulary)\.tsx?$/.test(file)

interface Node {
  type: string
  [key: string]: unknown
}

/** Every node of a file, with the names of what stands around it. */
function* nodesOf(file: string): Generator<{ node: Node; within: readonly Node[] }> {
  const program = parseAst(readFileSync(join(root, file), 'utf8'), { lang: file.endsWith('x') ? 'tsx' : 'ts' })
  const open: { node: Node; within: Node[] }[] = [{ node: program as unknown as Node, within: [] }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    yield next
    for (const child of Object.values(next.node).flat()) {
      if (child !== null && typeof child === 'object' && 'type' in child) {
        open.push({ node: child as Node, within: [...next.within, next.node] })
      }
    }
  }
}

/** The texts in a file's code: literals, pieces of templates and what stands between tags; paths of imports are none. */
function* textsOf(file: string): Generator<{ text: string; within: readonly Node[] }> {
  for (const { node, within } of nodesOf(file)) {
    const parent = within.at(-1)
    if (parent !== undefined && /^(Import|Export)|^TS/.test(parent.type)) continue
    if (node.type === 'JSXText') yield { text: node.value as string, within }
    if (node.type === 'Literal' && typeof node.value === 'string') yield { text: node.value, within }
    if (node.type === 'TemplateElement') yield { text: (node.value as { cooked: string }).cooked, within }
  }
}

/** Attributes that a person reads or hears. */
const spoken = /^(title|label|alt|placeholder|aria-label|aria-valuetext|aria-description)$/
/** Attributes that only the browser reads. */
const mute = /^(className|d|path|viewBox|transform|style|points|type|id|href|to)$/

/** Whether a text is for people: it stands between tags or in a spoken attribute, or it has two words in a row. */
function isForPeople(text: string, within: readonly Node[]): boolean {
  if (!/\p{L}{2}/u.test(text)) return false
  const parent = within.at(-1)!
  if (parent.type === 'JSXElement' || parent.type === 'JSXFragment') return true
  const attribute = within.findLast(({ type }) => type === 'JSXAttribute')
  const name = attribute === undefined ? null : String((attribute.name as Node).name)
  if (name !== null && mute.test(name)) return false
  if (name !== null && spoken.test(name) && parent === attribute) return true
  return /\p{L}{2,}[,.:…]? \p{L}{2,}/u.test(text) || /^\p{Lu}\p{Ll}+(…|\.)?$/u.test(text)
}

/** Texts that no person reads, or that are the same in every language, by file. */
const allowed: Readonly<Record<string, readonly RegExp[]>> = {
  'page/shell.tsx': [/^(Commonwatt|API|OpenAPI)$/],
  'joining/join.tsx': [/^XXXX-XXXX$/],
  'session/passkey.ts': [/^Commonwatt$/],
  'session/session.tsx': [/^shown outside a session$/],
  // The message of EIP-4361, which the server reads again word by word.
  'session/sign-in.ts': [/./],
  'agreements/submit.ts': [/./],
  // The language of PDF, and names of its fonts.
  'statements/paper.ts': [/./],
  'statements/paper-tags.ts': [/./],
  'charts/plot.tsx': [/^\(prefers-color-scheme: dark\)$/],
  'live/live.tsx': [/^io (server|client) disconnect$/],
  'words/language.ts': [/^(English|Deutsch)$/],
}

/** Units, commands and the names of what is signed are the same in every language. */
const alike =
  /^(ct|ct\/kWh|Wh|kWh|commonwatt-agent [a-z-]+|Order|CancelOrder|Permit|Withdrawal|RotateKey|Invitation|Mandate|Execute|Recover|Veto)$/

describe('the texts of the page', () => {
  it.each(files.filter((file) => !isCatalogue(file)))('%s has none of its own', (file) => {
    const texts = [...textsOf(file)].filter(({ text, within }) => isForPeople(text, within))
    const faults = texts
      .map(({ text }) => text.trim())
      .filter((text) => !alike.test(text) && !allowed[file]?.some((each) => each.test(text)))
    expect(faults).toEqual([])
  })

  /** Words of the market that have a name of everyday life in `web/words/vocabulary.ts`. */
  const oursNotTheirs =
    /\b(intervals?|provisional|runs?|clearing price|mandates?|in reach|escrow|on chain|feeders?|kWp|residuals?|root|batch(es)?|seats?|Intervalle?|vorläufig|Clearing|Mandate?|Treuhand|Residuum|Batch)\b/i

  /** What only operators, who pay for it, have to know of. */
  const machinery = /\b(block)?chains?\b|\bhash|\bgas\b|Blockchain|\bKette|gehasht/i
  const isOfOffice = (file: string) => /^(operator|utility)\//.test(file)

  it.each(files.filter((file) => isCatalogue(file) && !isOfOffice(file)))('%s needs no chain', (file) => {
    const texts = [...textsOf(file)].map(({ text }) => text)
    expect(texts.filter((text) => text.includes(' ') && machinery.test(text))).toEqual([])
  })

  it.each(files.filter(isCatalogue))('%s uses the words of its readers', (file) => {
    const texts = [...textsOf(file)]
      .map(({ text }) => text)
      .filter((text) => text.includes(' ') || /^\p{Ll}/u.test(text))
      .filter((text) => !/^[a-z]+(-[a-z]+)+$/.test(text))
    expect(
      texts.filter((text) => oursNotTheirs.test(text) && !/commonwatt-agent|, run$|, run |^batch export$/.test(text)),
    ).toEqual([])
  })

  it('is there in every language, in other words', async () => {
    const modules = await Promise.all(
      files.filter(isCatalogue).map(async (file) => [file, await import(join(root, file))] as const),
    )
    const catalogues = modules.flatMap(([file, exported]) =>
      Object.entries(exported as Record<string, Partial<Catalogue<object>>>).flatMap(([name, { texts }]) =>
        texts === undefined ? [] : [{ name: `${file} ${name}`, texts }],
      ),
    )
    expect(catalogues.length).toBeGreaterThan(10)
    for (const { name, texts } of catalogues) {
      const english = leaves(texts.en)
      expect([...english.keys()].length, name).toBeGreaterThan(0)
      for (const language of Object.keys(pageLanguages) as (keyof typeof pageLanguages)[]) {
        const translated = leaves(texts[language])
        expect([...translated.keys()], `${name} in ${language}`).toEqual([...english.keys()])
        for (const [key, text] of translated) expect(text.trim(), `${name}: ${key} in ${language}`).not.toBe('')
      }
      const copied = [...leaves(texts.de)].filter(([key, text]) => english.get(key) === text && / /.test(text))
      expect(
        copied.filter(([, text]) => !/=>/.test(text)),
        name,
      ).toEqual([])
    }
  })
})

describe('a number and its unit', () => {
  const units = '(?:s|min|h|ct|ct/kWh|€|EUR|Wh|kWh|W|kW|g|kg|%|ms|kB|MB|GB)(?![\\p{L}\\p{N}/])'
  const apart = new RegExp(`\\p{N}[ \\u00a0]${units}`, 'u')
  const afterValue = new RegExp(`^[ \\u00a0]${units}`, 'u')
  const written = [...files, ...catalogueFiles('../server/words')]

  it('stay on one line: between them is a thin space at which none breaks', () => {
    const faults = written.flatMap((file) =>
      [...nodesOf(file)].flatMap(({ node, within }) => {
        if (node.type === 'Literal' && typeof node.value === 'string' && apart.test(node.value))
          return [`${file}: ${node.value}`]
        if (node.type === 'TemplateLiteral') {
          const texts = (node.quasis as Node[]).map((quasi) => (quasi.value as { cooked: string }).cooked)
          if (texts.some((text, place) => apart.test(text) || (place > 0 && afterValue.test(text))))
            return [`${file}: ${texts.join('…')}`]
        }
        if (node.type === 'JSXText') {
          const [text, beside] = [node.value as string, within.at(-1)!.children as Node[]]
          const before = beside[beside.indexOf(node) - 1]
          if (apart.test(text) || (before !== undefined && afterValue.test(text))) return [`${file}: ${text.trim()}`]
        }
        return []
      }),
    )
    expect(faults).toEqual([])
  })

  it('do so in every length of time and every share', () => {
    const texts = [0, 42, 60, 200, 3600, 7500].map(duration)
    texts.push(shareWords(1, 3), percentWords(1250), percentage('33.3333'), percentage('100'))
    for (const text of texts) expect(text).toMatch(/^(\p{N}[\p{N}.]*\u202f(s|min|h|%) ?)+$/u)
  })
})

/** Every text of a catalogue by its place; a function is its own source. */
function leaves(texts: object, path = ''): Map<string, string> {
  return new Map(
    Object.entries(texts).flatMap(([key, value]): [string, string][] =>
      typeof value === 'object' ? [...leaves(value, `${path}${key}.`)] : [[`${path}${key}`, String(value)]],
    ),
  )
}

it('speaks the first language that somebody reads, English where it knows none of them', () => {
  expect(preferred(['fr', 'de-AT', 'en'])).toBe('de')
  expect(preferred(['en-US'])).toBe('en')
  expect(preferred(['ja'])).toBe('en')
  expect(preferred([])).toBe('en')
})
