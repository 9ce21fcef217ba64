/** The laws of single files: their first sentence, their length and name, words that promise later work, links and dates. */
import { posix } from 'node:path'
import { replacingModules, type SourceFile } from './source-tree.ts'

/** Files of which at most one in ten is longer. */
const usualLines = 300
/** A longer file is two ideas. */
const mostLines = 600

/** Every source begins with a comment that says what it is for. Not so migrations, which never change once they were applied. */
export function withoutHeader(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => /\.(ts|tsx|js|css|sol)$/.test(path))
    .filter(({ path, text }) => wordsOf(headerOf(path, text)) < 3)
    .map(({ path }) => `${path} does not begin with a sentence that says what it is for`)
}

function headerOf(path: string, text: string): string {
  const start = path.endsWith('.sol')
    ? text.replace(/^(\/\/ SPDX.*|pragma .*;|import [^;]*;|\s)*/, '')
    : text.replace(/^#!.*\n/, '')
  return start.match(/^\s*(\/\*[\s\S]*?\*\/|(\/\/.*\n)+)/)?.[0] ?? ''
}

function wordsOf(comment: string): number {
  return comment.match(/[\p{L}\d`'’-]+/gu)?.length ?? 0
}

/** Files of more than 600 lines; and, where more than one in ten is longer than usual, those that are. */
export function tooLong(files: readonly SourceFile[]): string[] {
  const sources = files.filter(({ path }) => !path.endsWith('.md'))
  const lines = ({ text }: SourceFile) => text.split('\n').length - 1
  const unusual = sources.filter((file) => lines(file) > usualLines)
  const wrong = unusual.length * 10 > sources.length ? unusual : sources.filter((file) => lines(file) > mostLines)
  return wrong.map((file) => `${file.path} has ${lines(file)} lines`)
}

/** A file or folder whose name says that nobody knew where its contents belong. */
export function withoutConcept(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => /(^|[/-])(utils?|helpers?|common|shared|misc)([./-]|$)/.test(path))
    .map(({ path }) => `${path}: name the concept that this belongs to`)
}

/**
 * Waits of tests that give up by a time of their own: they fail on a slow machine. `vi.waitFor`, `vi.waitUntil` and `expect.poll` wait
 * for one second where nothing else is said.
 */
export function impatientWaits(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => path.startsWith('test/') && path !== 'test/tidy/tidy.test.ts')
    .flatMap(({ path, text }) =>
      [...text.matchAll(/\b(vi\s*\.waitFor|vi\s*\.waitUntil|expect\s*\.poll)\(/g)]
        .filter(({ index, 0: call }) => !/\b(patiently|patienceMs)\b/.test(lastArgument(text, index + call.length)))
        .map(({ index }) => `${path}:${text.slice(0, index).split('\n').length} gives up by a time of its own`),
    )
}

/** What stands in the brackets that open before `start` behind the last comma; nothing where there is none. */
function lastArgument(text: string, start: number): string {
  let [depth, begin, at] = [1, Number.POSITIVE_INFINITY, start]
  for (; depth > 0 && at < text.length; at++) {
    if ('([{'.includes(text[at]!)) depth += 1
    else if (')]}'.includes(text[at]!)) depth -= 1
    else if (depth === 1 && text[at] === ',' && /^\s*[^\s)]/.test(text.slice(at + 1, at + 200))) begin = at
  }
  return text.slice(begin, at)
}

/** Words that promise work for later. Put together from halves, so that this file keeps its own law. */
const promises = [
  ['TO', 'DO'],
  ['FIX', 'ME'],
  ['XX', 'X'],
  ['HA', 'CK'],
  ['for', ' now'],
].map((halves) => halves.join(''))

/** Lines that say that something is not finished. */
export function unfinished(files: readonly SourceFile[]): string[] {
  const word = new RegExp(`\\b(${promises.join('|')})\\b`)
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, i) => (word.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
  )
}

/** Links of documents that lead to no file or heading; `exists` knows every path of the tree. */
export function brokenLinks(files: readonly SourceFile[], exists: (path: string) => boolean): string[] {
  const headings = new Map(
    files.filter(({ path }) => path.endsWith('.md')).map(({ path, text }) => [path, anchorsOf(text)]),
  )
  return [...headings.keys()].flatMap((path) => {
    const text = files.find((file) => file.path === path)!.text.replace(/^```[\s\S]*?^```/gm, '')
    return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
      if (/^[a-z]+:/.test(link!)) return []
      const [file, anchor] = link!.split('#')
      const target = file === '' ? path : posix.join(posix.dirname(path), file!)
      if (!exists(target)) return [`${path} links to ${link}, which is not there`]
      return anchor === undefined || headings.get(target)?.has(anchor)
        ? []
        : [`${path} links to ${link}, a heading that is not there`]
    })
  })
}

/** The anchors of a document's headings, as they are made on the web. */
function anchorsOf(text: string): Set<string> {
  const titles = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, title]) => title!)
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\d _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

/** Files and folders that comments and documents name, in backticks, and that are not there; the beginning of a path may be left out. */
export function unknownPaths(files: readonly SourceFile[], exists: (path: string) => boolean): string[] {
  const isThere = (path: string) => exists(path) || files.some((file) => file.path.endsWith(`/${path}`))
  return files.flatMap(({ path, text }) => {
    const named = [...text.matchAll(/`((?:[\w-]+\/)+(?:[\w.-]+\.(?:tsx?|js|sol|md|sql|css))?)`/g)].map(
      ([, name]) => name!,
    )
    const ours = named.filter(
      (name) => !name.endsWith('/') || /^(contracts|meter-agent|server|web|test|docs)\//.test(name),
    )
    return ours.filter((name) => !isThere(name)).map((name) => `${path} names ${name}, which is not there`)
  })
}

/** Records of decisions that do not say in their third line when it was made. */
export function undatedDecisions(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => /^docs\/decisions\/.*\.md$/.test(path))
    .filter(({ text }) => !/^# .+\n\nDecided on 20\d\d-(0[1-9]|1[0-2])-([0-2]\d|3[01])\.\n/.test(text))
    .map(({ path }) => `${path} does not say in its third line when it was decided`)
}

/**
 * Transactions begun by the library itself, whose end of a lost connection would end the process: `transact` begins all others. A
 * pool that `openDatabase` has not opened could end it at the start of a session already.
 */
export function unguardedTransactions(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => path.startsWith('server/') && path !== 'server/store/database.ts')
    .filter(({ text }) => /\b(database|sql|own)\s*\.(begin|reserve)\(|(=|return) postgres\(/.test(text))
    .map(({ path }) => `${path} opens a connection or begins a transaction with which its loss could end the process`)
}

/**
 * Test files that put something else in the place of a module, which other files of their process would meet, and that no list of
 * `vitest.config.ts` gives a process of their own; and lines of its list `replacing` that name no such file.
 */
export function replacingBesideOthers(files: readonly SourceFile[]): string[] {
  const config = files.find(({ path }) => path === 'vitest.config.ts')?.text ?? ''
  const [whole, listed] = ['whole', 'replacing'].map((name) => {
    const [, inside] = new RegExp(`const ${name} = \\[([^\\]]*)\\]`).exec(config) ?? []
    return [...(inside ?? '').matchAll(/'([^']+)'/g)].map(([, path]) => path!)
  }) as [string[], string[]]
  const replacing = files
    .filter(
      ({ path, module }) =>
        path.startsWith('test/') && module?.surroundings.some((each) => replacingModules.includes(each)),
    )
    .map(({ path }) => path)
    .filter((path) => !whole.some((folder) => path.startsWith(folder)))
  return [
    ...replacing
      .filter((path) => !listed.includes(path))
      .map((path) => `${path} replaces a module beside other files: vitest.config.ts lists such files as "replacing"`),
    ...listed
      .filter((path) => !replacing.includes(path))
      .map(
        (path) =>
          `vitest.config.ts lists ${path} as "replacing", which replaces no module, has a process of its own or is not there`,
      ),
  ]
}
