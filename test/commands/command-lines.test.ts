/** Every command of both programs answers `--help` and `--version`, and its options have one name everywhere. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { builtProgram } from '../built.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))

test('the newest part of the CHANGELOG is of this version, or of what comes after it', () => {
  const parts = [...readFileSync('CHANGELOG.md', 'utf8').matchAll(/^## (.+)$/gm)].map(([, name]) => name!)
  expect(version).toMatch(/^\d+\.\d+\.\d+$/)
  expect(parts.slice(0, 2)).toContain(version)
  expect(parts.slice(1).filter((name) => !/^\d+\.\d+\.\d+$/.test(name))).toEqual([])
  if (parts[0] !== version) expect(parts[0]).toBe('Unreleased')
})

/** Prints the processor time of the whole process when it ends, on a line of its own on standard error. */
const meter = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => { const { user, system } = process.cpuUsage(); console.error('CPU ' + (user + system) / 1000) })",
)}`

function run(program: string, args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', meter, program, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  })
  const [, cpuMs] = stderr.match(/^CPU ([\d.]+)$/m)!
  return { status, stdout, stderr: stderr.replace(/^CPU .*\n/m, ''), cpuMs: Number(cpuMs) }
}

/** The names under "Commands:" in a program's help. */
const commandsIn = (help: string) =>
  [...help.slice(help.indexOf('Commands:')).matchAll(/^ {2}([a-z][a-z-]*)\b/gm)].map(([, name]) => name!)

/** What an option of this meaning is called, and its variable. */
const names: [meaning: RegExp, option: string, variable: string][] = [
  [/PostgreSQL \(15/, '--database-url <url>', 'DATABASE_URL'],
  [/JSON-RPC/, '--rpc-url <url>', 'RPC_URL'],
  [/private key/, '--key-file <file>', 'KEY_FILE'],
  [/the escrow contract/, '--escrow <address>', 'ESCROW'],
]

/** Also of a command's own commands. Whatever names a database or a node can be told by a file as well. */
function everyOptionHasAVariable(command: string, help: string): void {
  const lines = help.replaceAll(/\n {6,}/g, ' ').split('\n')
  const options = lines.filter((line) => /^ {2}(-\w, )?--/.test(line))
  for (const line of options.filter((each) => /^ {2}\S+ </.test(each)))
    expect(line, command).toMatch(/\(env: [A-Z_]+\)|, env: [A-Z_]+\)/)
  const isPlaced = options.some((line) => /(--database-url|--rpc-url) /.test(line))
  // `found` writes that file, `demo` another.
  if (isPlaced && !['found', 'demo'].includes(command)) expect(help, command).toContain('--config <file>')
  for (const own of help.includes('Commands:') ? commandsIn(help) : []) {
    if (own !== 'help')
      everyOptionHasAVariable(
        `${command} ${own}`,
        run(builtProgram('commonwatt'), [...command.split(' '), own, '--help']).stdout,
      )
  }
}

describe.each(['commonwatt', 'commonwatt-agent'] as const)('%s', (name) => {
  const program = builtProgram(name)
  const help = run(program, ['--help'])
  const commands = commandsIn(help.stdout).filter((command) => command !== 'help')

  test('lists its commands', () => {
    expect([help.status, help.stderr]).toEqual([0, ''])
    expect(commands.length).toBeGreaterThan(7)
    expect(run(program, ['--version'])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' })
  })

  test('and each of them says what it does, and its version', () => {
    const cpuMs: Record<string, number> = { '--help': help.cpuMs }
    for (const command of commands) {
      const own = run(program, [command, '--help'])
      expect([own.status, own.stderr]).toEqual([0, ''])
      expect(own.stdout).toMatch(new RegExp(`^Usage: ${name} ${command} [^\\n]*\\n\\n\\S`))
      expect(run(program, [command, '--version'])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' })
      // What `found` asks is a question, and no option of a running program.
      const lines = own.stdout.replaceAll(/\n {6,}/g, ' ').split('\n')
      const options = lines.filter((line) => !line.includes('<answer>'))
      for (const [meaning, option, variable] of names) {
        for (const line of options.filter((each) => each.startsWith('  --') && meaning.test(each))) {
          expect(line).toContain(`  ${option} `)
          expect(line).toContain(`(env: ${variable})`)
        }
      }
      if (name === 'commonwatt') everyOptionHasAVariable(command, own.stdout)
      cpuMs[command] = Math.round(own.cpuMs)
    }
    console.log(`${name}: ms of processor time for --help`, cpuMs)
    // A hundred starts, one after the other, on a machine that may be busy.
  }, 300_000)

  test('refuses a command that it does not have', () => {
    const { status, stderr } = run(program, ['no-such-thing'])
    expect([status, stderr.split('\n')[0]]).toEqual([1, "error: unknown command 'no-such-thing'"])
  })
})
