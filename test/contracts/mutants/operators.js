// Makes mutants of a Solidity source: the same text with one small mistake in it, of a kind that people make.

/**
 * One mistake: the characters `[at, at + from.length)` of a source read `from` and become `to`.
 * @typedef {{ file: string, at: number, from: string, to: string, kind: string }} Mutant
 */

/** Binary operators between blanks, as the formatter writes them. */
const swaps = {
  comparison: [
    [' < ', ' <= '],
    [' <= ', ' < '],
    [' > ', ' >= '],
    [' >= ', ' > '],
    [' == ', ' != '],
    [' != ', ' == '],
  ],
  logic: [
    [' && ', ' || '],
    [' || ', ' && '],
  ],
  arithmetic: [
    [' + ', ' - '],
    [' - ', ' + '],
    [' * ', ' / '],
    [' / ', ' * '],
    [' % ', ' / '],
    [' += ', ' = '],
    [' -= ', ' = '],
    ['++', '--'],
  ],
  bits: [
    [' & ', ' | '],
    [' | ', ' & '],
    [' |= ', ' = '],
    [' << ', ' >> '],
    [' >> ', ' << '],
    ['& ~', '& '],
  ],
  value: [
    ['true', 'false'],
    ['false', 'true'],
  ],
}

/** The source with blanks in place of what no mistake is made in: comments, strings, imports, headers of loops. Same length. */
function codeOf(source) {
  const blank = (text) => text.replace(/[^\n]/g, ' ')
  return source
    .replace(/\/\/[^\n]*/g, blank)
    .replace(/"[^"\n]*"/g, blank)
    .replace(/^(import|pragma|using|type) [^;]*;/gm, blank)
    .replace(/^ *(event|error) [^;]*;/gm, blank)
    .replace(/for \([^\n]*\{/g, blank)
}

/** The place behind the bracket that closes the one at `open`. */
function behindBracket(code, open) {
  let depth = 0
  for (let i = open; i < code.length; i += 1) {
    if (code[i] === '(') depth += 1
    if (code[i] === ')') depth -= 1
    if (depth === 0) return i + 1
  }
  return code.length
}

/** All mutants of one source that its grammar may allow; some do not compile. @returns {Mutant[]} */
export function mutantsOf(file, source) {
  const code = codeOf(source)
  const mutants = []
  const add = (kind, at, end, to) => mutants.push({ file, at, from: source.slice(at, end), to, kind })

  for (const [kind, pairs] of Object.entries(swaps)) {
    for (const [from, to] of pairs) {
      for (let at = code.indexOf(from); at >= 0; at = code.indexOf(from, at + 1)) add(kind, at, at + from.length, to)
    }
  }
  // A refusal is forgotten; another condition is turned round.
  for (const { index } of code.matchAll(/\bif \(/g)) {
    const open = index + 3
    const behind = behindBracket(code, open)
    if (/^\s*revert\b/.test(code.slice(behind))) add('guard', index, code.indexOf(';', behind) + 1, '')
    else add('condition', open, behind, `(!${source.slice(open, behind)})`)
  }
  // A statement is forgotten: an assignment, a deletion, an event, or a call for its effect.
  const statement =
    /(?<=[;{}]\s*\n\s*)(delete |emit |[\w.]+(\[[^\n]*?\])? [|+-]?= |\([\w., ]+\) = |_?[\w.]+\()[^;{}]*;/g
  for (const { index, 0: text } of code.matchAll(statement)) add('statement', index, index + text.length, '')
  // A bound is off by one.
  for (const { index, 0: text } of code.matchAll(/(?<=constant \w+ = )[\d_]+/g)) {
    add('bound', index, index + text.length, `${Number(text.replaceAll('_', '')) + 1}`)
  }
  return mutants
}

/** The source with the mistake in it. */
export function withMistake(source, { at, from, to }) {
  return source.slice(0, at) + to + source.slice(at + from.length)
}

/** The mutant in words that stay the same when lines move: what the line reads, and what it reads with the mistake. */
export function wordsOf(source, mutant) {
  const begin = source.lastIndexOf('\n', mutant.at) + 1
  const newline = source.indexOf('\n', mutant.at + mutant.from.length)
  const end = newline < 0 ? source.length : newline
  const squeeze = (text) => text.replace(/\s+/g, ' ').trim()
  const was = squeeze(source.slice(begin, end))
  const becomes = squeeze(withMistake(source, mutant).slice(begin, end + mutant.to.length - mutant.from.length))
  return { line: source.slice(0, mutant.at).split('\n').length, was, becomes }
}
