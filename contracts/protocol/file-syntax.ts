/** What is said where a file that people write is no JSON or no TOML: the place, in plain words instead of the library's. */

/** Where in a text something cannot stand. Lines and columns are counted from 1. */
interface Place {
  line: number
  column: number
}

/** A JSON text's value. Throws a `SyntaxError` whose message is "this is no JSON: " and where the first fault is. */
export function parseJsonText(marked: string, reviver?: (key: string, value: unknown) => unknown): unknown {
  // Some editors begin a file with a mark of its encoding, which JSON does not know.
  const text = marked.replace(/^\uFEFF/, '')
  try {
    return JSON.parse(text, reviver)
  } catch (cause) {
    const at = faultIn(text)
    const where = text.slice(at).trim() === '' ? 'it ends too early' : `see ${placeInWords(placeOf(text, at))}`
    throw new SyntaxError(`this is no JSON: ${where}`, { cause })
  }
}

/** What is wrong with a text that the library for TOML refused with this error; the text itself is not shown, it may hold a password. */
export function tomlTrouble(error: unknown): string {
  const { line, column } = error as Partial<Place>
  if (line === undefined || column === undefined) return 'this is no TOML'
  return `this is no TOML: see ${placeInWords({ line, column })}`
}

/** A mistake as TOML's people say it: what is an object elsewhere is a table there. */
export function mistakeInToml(message: string): string {
  return message.replace(/^(is missing: |must be )an object/, '$1a table').replace(/, not an object$/, ', not a table')
}

/** How much of the text could be the beginning of JSON: where that ends, the fault is. */
function faultIn(text: string): number {
  let good = 0
  let bad = text.length
  if (couldGoOn(text)) return bad
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (couldGoOn(text.slice(0, middle))) good = middle
    else bad = middle
  }
  return good
}

/** Whether only the end of the text is amiss. Not every version of Node says where a fault is. */
function couldGoOn(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    const { message } = error as SyntaxError
    if (/end of JSON input|^Unterminated/.test(message)) return true
    const [, position] = /at position (\d+)/.exec(message) ?? []
    return Number(position) >= text.length
  }
}

function placeOf(text: string, position: number): Place {
  const before = text.slice(0, position).split('\n')
  return { line: before.length, column: before.at(-1)!.length + 1 }
}

function placeInWords({ line, column }: Place): string {
  return `line ${line}, column ${column}`
}
