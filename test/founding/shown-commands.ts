/** Every command that docs/operate.md shows is one that a test runs, with at least the options that are shown. */
import { readFileSync } from 'node:fs'

/** What a test says of a line: the command that it is, and the names of its options. */
interface Form {
  name: string
  options: string[]
}

/** What needs other parts than the story has is run by the tests of those parts. */
const ranElsewhere: Record<string, string> = {
  'commonwatt found --embedded': 'test/founding/embedded.test.ts',
  'commonwatt embedded --config': 'test/founding/embedded.test.ts',
  // Three watchers of an area whose rules name them.
  'commonwatt watch --server-url --rpc-url --escrow --first-block --area --key-file --data-folder --metrics-port':
    'test/chain/watched-street.ts',
  // A month takes a month. The first test archives one by the command, and says that its batches are what `export` writes; the other
  // verifies such a file against a chain.
  'commonwatt verify x.commonwatt-archive.gz --rpc-url': 'test/chain/verify-area.test.ts',
  'commonwatt-agent enrol --config --rules': 'test/meter-agent/home/process.test.ts',
  'commonwatt-agent rotate-key --config': 'test/meter-agent/home/process.test.ts',
}

/** Lines of a shell that are no command of ours; what they do, `test/packages` does with the package's own name, and the story with folders. */
const others = [
  /^cd sunfield$/,
  /^npm install --prefix \/opt\/commonwatt \.\/commonwatt-…\.tgz --omit=optional$/,
  /^ln -s \/opt\/commonwatt\/node_modules\/\.bin\/commonwatt \/usr\/local\/bin\/$/,
]

/** The lines of a document's shell blocks that no test runs, `ran` being those that the asking test ran itself. */
export function neverRun(document: string, ran: readonly string[]): string[] {
  const forms = [...ran.map((line) => `commonwatt ${line}`), ...Object.keys(ranElsewhere)].map(formOf)
  return linesShown(document).filter((line) => {
    if (others.some((other) => other.test(line))) return false
    const { name, options } = formOf(line)
    return !forms.some((run) => run.name === name && options.every((each) => run.options.includes(each)))
  })
}

/** Lines of the list above whose test does not speak of the command, or of one of its options. */
export function unfounded(): string[] {
  return Object.entries(ranElsewhere).flatMap(([line, file]) => {
    const { name, options } = formOf(line)
    const text = readFileSync(file, 'utf8')
    const words = [name.split(' ')[1]!, ...options].filter((word) => !new RegExp(`['" ]${word}['" ]`).test(text))
    return words.length === 0 ? [] : [`${file}: ${words.join(' ')}`]
  })
}

/** Without `npx` and remarks; a line that ends with a backslash goes on in the next. */
function linesShown(document: string): string[] {
  const blocks = [...document.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block!)
  const lines = blocks.flatMap((block) => block.replace(/ \\\n\s*/g, ' ').split('\n'))
  return lines.map((line) => line.replace(/^npx /, '').replace(/\s+#.*$/, '')).filter((line) => line !== '')
}

function formOf(line: string): Form {
  const words = line.split(' ')
  const length = /^commonwatt (area|key) /.test(line) ? 3 : 2
  return { name: words.slice(0, length).join(' '), options: words.slice(1).filter((word) => word.startsWith('--')) }
}
