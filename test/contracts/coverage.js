// `npm run coverage:solidity`: which branches of `contracts/src` the Solidity tests take, and which they do not. Ends with status 1
// unless they take all. Two runs: without the optimizer everything is seen but passkey accounts, whose curve needs more stack
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

/** By file: how often each branch was taken, named by its line and its numbers. */
function branchesOf(lines) {
  const files = new Map()
  let branches
  for (const line of lines) {
    if (line.startsWith('SF:')) {
      branches = new Map()
      files.set(line.slice(3), branches)
    }
    const [, number, block, branch, count] = line.match(/^BRDA:(\d+),(\d+),(\d+),(\d+|-)$/) ?? []
    if (number !== undefined) branches.set(`${number}: branch ${block}.${branch}`, count === '-' ? 0 : Number(count))
  }
  return files
}

const isPasskey = (file) => file.includes('Passkey')
const tests = readdirSync(join(forgeRoot, 'test/contracts'), { recursive: true }).filter((file) =>
  file.endsWith('.t.sol'),
)
const others = tests.filter((file) => file !== 'PasskeyAccount.t.sol').flatMap((file) => ['--skip', file])
const wide = branchesOf(cover('wide', ['--skip', '*Passkey*']))
const passkeys = branchesOf(cover('passkeys', ['--ir-minimum', '--match-contract', 'PasskeyAccountTest', ...others]))
rmSync(folder, { recursive: true })

let taken = 0
const missing = []
for (const [file, branches] of [...wide, ...[...passkeys].filter(([file]) => isPasskey(file))].sort()) {
  const left = [...branches].filter(([, count]) => count === 0)
  taken += branches.size - left.length
  missing.push(...left.map(([branch]) => `${file}:${branch}`))
  console.log(
    `${file.padEnd(36)} ${String(branches.size - left.length).padStart(3)} of ${String(branches.size).padStart(3)}`,
  )
}
console.log(`${taken} of ${taken + missing.length} branches`)
for (const branch of missing) console.log(`not taken: ${branch}`)
process.exitCode = missing.length === 0 ? 0 : 1
