// `npm test`: builds, runs every suite, and ends with the totals of all of them on a line of their own.
// `npm test -- market lint` runs only what is named: `types`, `lint`, `dead-code`, `solidity-lint`, `solidity`, or test files by their path.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { forgePath, forgeRoot } from '../contracts/build/forge.js'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Each is one test: it passes or fails as a whole. */
const checks = {
  types: [
    ['tsc', '-p', '.'],
    ['tsc', '-p', 'web'],
    ['tsc', '-p', 'test'],
  ],
  lint: [['biome', 'check', '--colors=off', '.']],
  'dead-code': [['knip', '--no-progress']],
  'solidity-lint': [
    ['solhint', '--max-warnings', '0', 'contracts/src/*.sol'],
    ['forge', 'lint', '--deny', 'notes', 'contracts/src'],
  ],
}

const named = process.argv.slice(2)
const testPaths = named.filter((name) => !(name in checks) && name !== 'solidity')
const wants = (name) => named.length === 0 || named.includes(name)

/** What a suite's run came to: counts, and what to print when it is not well. */
const ran = ({ passed = 0, failed = 0, skipped = 0, report = '' }) => ({ passed, failed, skipped, report })

/** Runs a program to its end. What it prints is collected, or shown at once and not collected; with `yields` all others go first. */
function run(command, args, { show = false, yields = false, cwd = root, env = process.env } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    })
    if (yields && child.pid !== undefined) setPriority(child.pid, 10)
    const output = { out: '', err: '' }
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      output.out += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      output.err += text
    })
    child.once('error', (error) => resolve({ ok: false, out: '', err: error.message }))
    child.once('close', (status) => resolve({ ok: status === 0, ...output }))
  })
}

const tool = (name) => (name === 'forge' ? forgePath() : join(root, 'node_modules/.bin', name))

/** Runs the commands of one check, one after the other; forge with the profile for it, whose cache is not that of the tests. */
async function check(commands) {
  try {
    const env = { ...process.env, FOUNDRY_PROFILE: 'lint' }
    const results = []
    for (const [name, ...args] of commands) results.push(await run(tool(name), args, { env, yields: true }))
    const wrong = results.filter(({ ok }) => !ok)
    return wrong.length === 0
      ? ran({ passed: 1 })
      : ran({ failed: 1, report: wrong.map(({ out, err }) => `${out}${err}`).join('\n') })
  } catch (error) {
    return ran({ failed: 1, report: error.message })
  }
}

/** Unit, property, end-to-end and browser tests. Vitest prints its own report; only its totals are taken from a file. */
async function typescript() {
  const folder = mkdtempSync(join(tmpdir(), 'commonwatt-totals-'))
  const file = join(folder, 'vitest.json')
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const { ok } = await run(tool('vitest'), ['run', ...reporters, ...testPaths], { show: true })
    let result
    try {
      result = JSON.parse(readFileSync(file, 'utf8'))
    } catch (error) {
      return ran({ failed: 1, report: `vitest left no result: ${error.message}` })
    }
    const count = (...states) =>
      result.testResults.flatMap((one) => one.assertionResults).filter(({ status }) => states.includes(status)).length
    // A file that cannot be loaded, or whose set-up fails, is a failure without a failed test.
    const broken = result.testResults.filter(
      (one) => one.status === 'failed' && !one.assertionResults.some(({ status }) => status === 'failed'),
    )
    const failed = count('failed') + broken.length
    return ran({
      passed: count('passed'),
      failed: failed === 0 && !ok ? 1 : failed,
      skipped: count('pending', 'skipped', 'todo', 'disabled'),
      report: broken.map((one) => `${one.name}: ${one.message}`).join('\n'),
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function solidity() {
  let forge
  try {
    forge = forgePath()
  } catch (error) {
    return ran({ failed: 1, report: error.message })
  }
  const { ok, out, err } = await run(forge, ['test', '--json'], { cwd: forgeRoot, yields: true })
  let contracts
  try {
    contracts = JSON.parse(out)
  } catch {
    return ran({ failed: 1, report: `${out}${err}` })
  }
  const tests = Object.entries(contracts).flatMap(([contract, { test_results }]) =>
    Object.entries(test_results).map(([name, result]) => ({ name: `${contract} ${name}`, ...result })),
  )
  const count = (state) => tests.filter(({ status }) => status === state).length
  const failed = tests.length - count('Success') - count('Skipped')
  return ran({
    passed: count('Success'),
    failed: failed === 0 && !ok ? 1 : failed,
    skipped: count('Skipped'),
    report: tests
      .filter(({ status }) => status !== 'Success' && status !== 'Skipped')
      .map(({ name, reason, counterexample, decoded_logs }) =>
        [name, reason, counterexample && JSON.stringify(counterexample), ...(decoded_logs ?? [])]
          .filter(Boolean)
          .join('\n  '),
      )
      .join('\n'),
  })
}

const words = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

const totals = { passed: 0, failed: 0, skipped: 0 }

async function suite(name, work) {
  const startedMs = Date.now()
  const result = await work()
  // A suite that ran nothing has proved nothing.
  if (result.passed + result.failed === 0) {
    result.failed = 1
    result.report = 'no test was run'
  }
  for (const kind of Object.keys(totals)) totals[kind] += result[kind]
  if (result.failed > 0 && result.report !== '') console.log(`\n${result.report.trimEnd()}\n`)
  console.log(`${name}: ${words(result)} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`)
}

async function checksAndContracts() {
  for (const [name, commands] of Object.entries(checks)) {
    if (wants(name)) await suite(name, () => check(commands))
  }
  if (wants('solidity')) await suite('solidity', solidity)
}

const build = await run(process.execPath, ['build.js'])
if (build.ok) {
  // What waits for real minutes leaves the processors idle often enough for the checks and the contracts' tests, one after the other.
  const beside = checksAndContracts()
  if (named.length === 0 || testPaths.length > 0) await suite('typescript', typescript)
  await beside
} else {
  await suite('build', async () => ran({ failed: 1, report: `${build.out}${build.err}` }))
}
console.log(`\n${words(totals)}`)
process.exitCode = totals.failed > 0 ? 1 : 0
