// `npm run mutants:solidity`: makes mistakes in the contracts, one at a time, and runs the Solidity tests against each. A mistake
// that no test notices is a survivor: it is printed, and the run ends with status 1 unless `argued.js` says why nobody can.
//
// Named mistakes come first, then `--count` (100) that are drawn with `--seed` from those of `--kind`: comparison, guard and logic
// unless other kinds are named (condition, arithmetic, bits, value, statement, bound, or all). `--all` draws every one, `--file` those
// of one source, `--since` those of lines that have changed since a commit, `--skip` leaves out so many of the drawn ones, `--resume`
// those that a run of the same sources has tried and some test noticed. Some ten seconds each, without the intermediate representation; the first one some minutes, since everything is compiled.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { forgePath, forgeRoot } from '../../../contracts/build/forge.js'
import { argued } from './argued.js'
import { named } from './named.js'
import { mutantsOf, withMistake, wordsOf } from './operators.js'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100' },
    seed: { type: 'string', default: '20261128' },
    skip: { type: 'string', default: '0' },
    all: { type: 'boolean', default: false },
    resume: { type: 'boolean', default: false },
    file: { type: 'string' },
    since: { type: 'string' },
    kind: { type: 'string', default: 'comparison,guard,logic' },
  },
})

/** A mistake can make a loop endless. Of CPU time, so that on a busy machine nothing counts as endless that is not. */
const patienceSeconds = 300

/** Tests and contracts are copied, so that no mistake is ever made in the sources themselves; what was compiled is kept. */
const copy = join(forgeRoot, 'cache/mutants')

function prepare() {
  mkdirSync(copy, { recursive: true })
  for (const folder of ['contracts', 'test']) rmSync(join(copy, folder), { recursive: true, force: true })
  cpSync(join(forgeRoot, 'contracts'), join(copy, 'contracts'), { recursive: true })
  cpSync(join(forgeRoot, 'test/contracts'), join(copy, 'test/contracts'), { recursive: true })
  cpSync(join(forgeRoot, 'foundry.toml'), join(copy, 'foundry.toml'))
  cpSync(join(forgeRoot, 'package.json'), join(copy, 'package.json'))
  if (!existsSync(join(copy, 'node_modules'))) symlinkSync(join(forgeRoot, 'node_modules'), join(copy, 'node_modules'))
}

/** What takes long and alone notices few mistakes runs where nothing else has noticed one. What measures the released code never does. */
const slow = 'InvariantsTest|VectorsTest|PasskeyAccountTest'
const never = 'GasTest|ReleasedTest'

/** Runs the tests up to the first that fails: `passed`, `failed`, `endless`, or `no program` where the mistake does not compile. */
async function runTests() {
  const first = await runSome(['--no-match-contract', `${never}|${slow}`])
  return first.result === 'passed' ? runSome(['--match-contract', slow]) : first
}

function runSome(which) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, FOUNDRY_PROFILE: 'mutants' }
    const command = ['-c', 'ulimit -S -t "$0" && exec "$@"', `${patienceSeconds}`, forgePath(), 'test', '--fail-fast']
    const child = spawn('sh', [...command, ...which], { cwd: copy, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        out += text
      })
    }
    child.once('error', reject)
    child.once('close', (status, signal) => {
      if (signal === 'SIGXCPU') resolve({ result: 'endless', out })
      else if (status === 0) resolve({ result: 'passed', out })
      else if (/^Encountered a total of/m.test(out)) resolve({ result: 'failed', out })
      else if (out.includes('Compiler run failed')) resolve({ result: 'no program', out })
      else reject(new Error(out))
    })
  })
}

/** The mutants in an order that follows from the seed and from each one's own words, so that an edit elsewhere draws no others. */
function drawn(mutants, seed) {
  const seen = new Map()
  const placed = mutants.map((mutant) => {
    const { was, becomes } = wordsOf(sources.get(mutant.file), mutant)
    const words = [seed, mutant.file, was, becomes].join('\0')
    const before = seen.get(words) ?? 0
    seen.set(words, before + 1)
    return { mutant, place: createHash('sha256').update(`${words}\0${before}`).digest('hex') }
  })
  return placed.sort((a, b) => (a.place < b.place ? -1 : 1)).map(({ mutant }) => mutant)
}

const sources = new Map(
  readdirSync(join(forgeRoot, 'contracts/src'))
    // Interfaces do nothing.
    .filter((file) => !/^I[A-Z]/.test(file))
    .map((file) => [file, readFileSync(join(forgeRoot, 'contracts/src', file), 'utf8')]),
)

function namedMutants() {
  return named.map(({ name, file, from, to }) => {
    const source = sources.get(file)
    const at = source.indexOf(from)
    if (at < 0 || source.includes(from, at + 1)) throw new Error(`${file} does not hold once: ${from}`)
    return { file, at, from, to, kind: name }
  })
}

/** The lines of each source that differ from those of the commit. */
function linesSince(commit) {
  const args = ['diff', '--unified=0', '--relative', commit, '--', 'contracts/src']
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: forgeRoot, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  const lines = new Set()
  let file
  for (const line of stdout.split('\n')) {
    if (line.startsWith('+++ ')) file = line.split('/').at(-1)
    const [, start, count = '1'] = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line) ?? []
    for (let i = 0; start !== undefined && i < Number(count); i += 1) lines.add(`${file}:${Number(start) + i}`)
  }
  return lines
}

/** Whether any line that the mistake changes is among them. */
function touches(lines, { file, at, from }) {
  const source = sources.get(file)
  const [first, last] = [at, at + from.length].map((end) => source.slice(0, end).split('\n').length)
  for (let line = first; line <= last; line += 1) if (lines.has(`${file}:${line}`)) return true
  return false
}

const changed = values.since === undefined ? null : linesSince(values.since)
const possible = [...sources].flatMap(([file, source]) => mutantsOf(file, source))
const kinds = values.kind.split(',')
const wanted = drawn(possible, Number(values.seed)).filter(
  (mutant) =>
    (values.file ?? mutant.file) === mutant.file &&
    (kinds.includes(mutant.kind) || values.kind === 'all') &&
    (changed === null || touches(changed, mutant)),
)
const least = values.all ? Number.POSITIVE_INFINITY : Number(values.count)
console.log(
  `${named.length} named mistakes, then ${values.all ? 'all' : least} of ${wanted.length}, seed ${values.seed}`,
)

prepare()
const sound = await runTests()
if (sound.result !== 'passed') throw new Error(`The tests fail without a mistake:\n${sound.out}`)

const counts = { noticed: 0, argued: 0, survived: 0, 'not compiled': 0 }
const totals = () =>
  Object.entries(counts)
    .map(([what, count]) => `${what}: ${count}`)
    .join(', ')

/** The mistakes that some test noticed, or that do not compile, one name on each line. */
const diary = join(forgeRoot, 'cache/mutants-noticed.txt')
const tried = new Map(
  values.resume && existsSync(diary)
    ? readFileSync(diary, 'utf8')
        .split('\n')
        .map((line) => line.split(' '))
    : [],
)
const nameOf = ({ file, at, from, to }) =>
  createHash('sha256')
    .update([sources.get(file), at, from, to].join('\0'))
    .digest('hex')

async function tryOut(mutant) {
  const before = tried.get(nameOf(mutant))
  if (before !== undefined) {
    counts[before.replaceAll('-', ' ')] += 1
    return
  }
  const source = sources.get(mutant.file)
  const path = join(copy, 'contracts/src', mutant.file)
  writeFileSync(path, withMistake(source, mutant))
  const { result } = await runTests()
  writeFileSync(path, source)
  const { line, was, becomes } = wordsOf(source, mutant)
  const reason = argued.find((one) => one.file === mutant.file && one.was === was && one.becomes === becomes)
  const outcome =
    result === 'no program'
      ? 'not compiled'
      : result !== 'passed'
        ? 'noticed'
        : reason === undefined
          ? 'survived'
          : 'argued'
  counts[outcome] += 1
  if (reason === undefined && outcome !== 'survived') {
    appendFileSync(diary, `${nameOf(mutant)} ${outcome.replaceAll(' ', '-')}\n`)
  }
  if (outcome === 'survived') {
    console.log(`survived: ${mutant.file}:${line} (${mutant.kind})\n  was:     ${was}\n  becomes: ${becomes}`)
  }
  if (outcome === 'noticed' && reason !== undefined) {
    console.log(`noticed although argued: ${mutant.file}:${line}\n  was:     ${was}\n  becomes: ${becomes}`)
  }
}

for (const mutant of namedMutants()) await tryOut(mutant)
console.log(`the named ones: ${totals()}`)
for (const mutant of wanted.slice(Number(values.skip))) {
  if (counts.noticed + counts.argued + counts.survived >= least + named.length) break
  await tryOut(mutant)
  if ((counts.noticed + counts.argued + counts.survived) % 25 === 0) console.log(totals())
}
console.log(totals())
process.exitCode = counts.survived === 0 ? 0 : 1
