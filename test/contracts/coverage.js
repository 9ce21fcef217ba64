// `npm run coverage:solidity`: which branches, lines and functions of `contracts/src` the Solidity tests reach, and which they do not.
// Ends with status 1 unless they reach all. Two runs: without the optimizer everything is seen but passkey accounts, whose curve needs more stack
// than such code has; those are compiled by way of the intermediate representation, by themselves, which takes some minutes.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forgePath, forgeRoot } from '../../contracts/build/forge.js'

const folder = mkdtempSync(join(tmpdir(), 'commonwatt-coverage-'))

/** The lines of forge's report, or the end of the program with what it said. */
function cover(name, args) {
  const file = join(folder, name)
  const run = spawnSync(forgePath(), ['coverage', '--report', 'lcov', '--report-file', file, ...args], {
    cwd: forgeRoot,
    encoding: 'utf8',
    env: { ...process.env, FOUNDRY_PROFILE: 'coverage' },
  })
  if (run.status !== 0) {
    process.stderr.write(run.stdout + run.stderr)
    process.exit(run.status ?? 1)
  }
  return readFileSync(file, 'utf8').split('\n')
}

/**
 * Lines that are reached although the report misses them. By way of the intermediate representation `_requireSelf` is drawn into
 * its two callers, and the line of the call is lost; `test_only_the_account_itself_changes_its_keys` fails without either.
 */
const argued = ['contracts/src/PasskeyAccount.sol: _requireSelf();']

function isArgued(file, place) {
  const [line, kind] = place.split(': ')
  const text = readFileSync(join(forgeRoot, file), 'utf8').split('\n')[Number(line) - 1]
  return kind === 'line' && argued.includes(`${file}: ${text?.trim()}`)
}

const kinds = ['branches', 'lines', 'functions']

/** By file and kind: how often each place was reached, by its name. */
function placesOf(lines) {
  const files = new Map()
  let places
  for (const line of lines) {
    const [what, ...rest] = line.split(/[:,]/)
    if (what === 'SF') {
      places = { branches: new Map(), lines: new Map(), functions: new Map() }
      files.set(line.slice(3), places)
    }
    const [first, second, third, count] = rest
    if (what === 'BRDA') places.branches.set(`${first}: branch ${second}.${third}`, Number(count === '-' ? 0 : count))
    if (what === 'DA') places.lines.set(`${first}: line`, Number(second))
    if (what === 'FNDA') places.functions.set(` ${second}`, Number(first))
  }
  return files
}

const isPasskey = (file) => file.includes('Passkey')
const tests = readdirSync(join(forgeRoot, 'test/contracts'), { recursive: true }).filter((file) =>
  file.endsWith('.t.sol'),
)
const others = tests.filter((file) => file !== 'PasskeyAccount.t.sol').flatMap((file) => ['--skip', file])
const wide = placesOf(cover('wide', ['--skip', '*Passkey*']))
const passkeys = placesOf(cover('passkeys', ['--ir-minimum', '--match-contract', 'PasskeyAccountTest', ...others]))
rmSync(folder, { recursive: true })

const total = { branches: 0, lines: 0, functions: 0 }
const missing = []
for (const [file, places] of [...wide, ...[...passkeys].filter(([file]) => isPasskey(file))].sort()) {
  const words = kinds.map((kind) => {
    const left = [...places[kind]].filter(([place, count]) => count === 0 && !isArgued(file, place))
    missing.push(...left.map(([place]) => `${file}:${place}`))
    total[kind] += places[kind].size
    return `${String(places[kind].size - left.length).padStart(4)} of ${String(places[kind].size).padStart(3)} ${kind}`
  })
  console.log(`${file.padEnd(36)}${words.join('')}`)
}
console.log(`${kinds.map((kind) => `${total[kind]} ${kind}`).join(', ')}; not reached: ${missing.length}`)
for (const place of missing) console.log(`not reached: ${place}`)
process.exitCode = missing.length === 0 ? 0 : 1
