/** The agent's package, packed, installed without a network into a folder of its own, and run from there. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { sparingFlags } from '../meter-agent/commands/service-unit.ts'
import { assertBuilt } from './built.ts'
import { serveHome, writeConfig } from './meter-agent/home/agent-process.ts'
import { patiently } from './patience.ts'

let folder: string
let installed: string
let program: string
let packed: { bytes: number; unpackedBytes: number }

beforeAll(() => {
  assertBuilt(['commonwatt-agent'])
  folder = mkdtempSync(join(tmpdir(), 'commonwatt-package-'))
  const { file, ...sizes } = JSON.parse(
    execFileSync(process.execPath, ['package-agent.js', folder], { encoding: 'utf8' }),
  )
  packed = sizes
  const prefix = join(folder, 'prefix')
  // A registry that nobody serves: what is not in the package cannot come.
  const env = { ...process.env, npm_config_registry: 'http://127.0.0.1:1', npm_config_cache: join(folder, 'cache') }
  execFileSync('npm', ['install', '--offline', '--prefix', prefix, '--global', file], { env, stdio: 'pipe' })
  installed = join(prefix, 'lib/node_modules/commonwatt-agent')
  program = join(prefix, 'bin/commonwatt-agent')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function filesIn(place: string): string[] {
  return readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((file) =>
    statSync(join(place, file)).isFile(),
  )
}

test('holds what the agent needs for both kinds of machine, and no database, chain or compiler', () => {
  const files = filesIn(installed)
  const native = files.filter((file) => file.endsWith('.node'))
  /** The field of an ELF file that says for which machine it is: 62 x86-64, 183 AArch64. */
  const machineOf = (file: string) => readFileSync(join(installed, file)).readUInt16LE(18)
  for (const part of ['classic-level', 'bindings-cpp']) {
    const machines = native.filter((file) => file.includes(`${part}/prebuilds`)).map(machineOf)
    expect([...new Set(machines)].sort()).toEqual([183, 62].sort())
  }
  const packages = files.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(file)?.[1] ?? [])
  expect(packages).toContain('classic-level')
  expect(packages.filter((name) => /postgres|ethers|solc|foundry|express|react|vite/.test(name))).toEqual([])
  expect(files.filter((file) => /\.(gyp|c|cc|cpp|h|sol)$/.test(file))).toEqual([])
  expect(packed.bytes).toBeLessThan(4_000_000)
})

test('names everybody whose work is in it, with their terms', () => {
  const notices = readFileSync(join(installed, 'THIRD-PARTY-NOTICES.txt'), 'utf8')
  const named = [...notices.matchAll(/^-{80}\n\n(\S+) \S+ \((.+)\)$/gm)].map(([, name, terms]) => ({ name, terms }))
  const names = named.map(({ name }) => name)
  // Some lie in the one file, some beside it.
  expect(names).toEqual(expect.arrayContaining(['modbus-serial', 'mqtt', 'socket.io-client', 'zod', '@noble/curves']))
  for (const file of filesIn(join(installed, 'node_modules')).filter((one) => /(^|\/)package\.json$/.test(one))) {
    const { name } = JSON.parse(readFileSync(join(installed, 'node_modules', file), 'utf8'))
    if (name) expect(names).toContain(name)
  }
  expect(named.filter(({ terms }) => !/^[\w.() -]+$/.test(terms!) || terms === 'undefined')).toEqual([])
  expect(notices).toContain('Permission is hereby granted, free of charge')
})

test('has every document that its documents lead to', () => {
  const documents = filesIn(installed).filter((file) => file.endsWith('.md') && !file.startsWith('node_modules'))
  expect(documents).toEqual(expect.arrayContaining(['README.md', 'docs/devices.md', 'docs/beside-other-software.md']))
  for (const document of documents) {
    const text = readFileSync(join(installed, document), 'utf8')
    for (const [, link] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
      expect(existsSync(join(installed, document, '..', link!)), `${link} in ${document}`).toBe(true)
    }
  }
})

test('starts as sparingly with memory as the service that it writes', () => {
  const [first] = readFileSync(join(installed, 'bin/commonwatt-agent.js'), 'utf8').split('\n')
  expect(first).toBe(`#!/usr/bin/env -S node ${sparingFlags.join(' ')}`)
})

test('runs: reads a device, is enrolled, meters, says how it stands, and stops in order', async () => {
  const home = await serveHome(5_400)
  const config = await writeConfig(folder, {
    serverUrl: 'http://127.0.0.1:9',
    escrow: `0x${'e5'.repeat(20)}`,
    intervalSeconds: 10,
    devicePort: home.port,
  })
  const out = (...args: string[]) => execFileSync(program, args, { encoding: 'utf8', cwd: folder })
  expect(out('--version').trim()).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version)
  const enrolled = JSON.parse(out('enrol', '--config', config, '--rules', `0x${'22'.repeat(32)}`))
  expect(enrolled.epoch).toMatchObject({ epoch: 1 })
  const child = spawn(program, ['run', '--config', config], { stdio: ['ignore', 'pipe', 'inherit'] })
  let log = ''
  child.stdout.on('data', (chunk) => {
    log += chunk
  })
  const ended = once(child, 'exit')
  try {
    await vi.waitFor(
      async () => {
        const shown = spawn(program, ['status', '--config', config], { stdio: ['ignore', 'pipe', 'ignore'] })
        let text = ''
        shown.stdout.on('data', (chunk) => {
          text += chunk
        })
        await once(shown, 'close')
        expect(text).toContain('online (Example E5 123)')
        expect(text).toContain('sells    This home does not sell yet:')
      },
      { ...patiently, interval: 500 },
    )
    const residentMb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024
    console.log(
      `the packed agent of one home: ${residentMb.toFixed(1)} MB resident, package ${(packed.bytes / 1e6).toFixed(2)} MB`,
    )
  } finally {
    child.kill('SIGTERM')
    await home.close()
  }
  expect((await ended)[0]).toBe(0)
  expect(log).toContain('"stopped"')
})
