/** How the demo starts, restarts and stops its programs. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { identify, isRunning } from '../../server/demo/processes.ts'
import { keepRunning, type Running, startSupervisor } from '../../server/demo/supervisor.ts'
import { scratchFolder, until } from './scratch-folder.ts'

async function supervised() {
  const dataFolder = scratchFolder()
  const lines: string[] = []
  const supervisor = await startSupervisor({ dataFolder, log: (line) => lines.push(line) })
  onTestFinished(() => supervisor.stop())
  const logOf = (name: string) => readFileSync(join(dataFolder, 'logs', `${name}.log`), 'utf8')
  const script = (name: string, text: string) => {
    const path = join(dataFolder, `${name}.mjs`)
    writeFileSync(path, text)
    return path
  }
  return { supervisor, lines, logOf, script }
}

const waits = 'setInterval(() => {}, 1000)'

test('a program gets its arguments and environment, and what it prints lands in its log', async () => {
  const { supervisor, logOf, script } = await supervised()
  const path = script('prints', `console.log(process.argv[2], process.env.COLOUR); ${waits}`)
  await supervisor.start({ name: 'prints', script: path, args: ['one'], env: { COLOUR: 'green' } })
  await until(() => logOf('prints').includes('one green'))
})

test('a program killed with -9 is started again', async () => {
  const { supervisor, lines, script } = await supervised()
  const program = await supervisor.start({ name: 'killed', script: script('killed', waits), args: [] })
  const first = program.pid
  process.kill(first, 'SIGKILL')
  await until(() => program.pid !== first && identify(program.pid))
  expect(lines[0]).toMatch(/^killed ended \(SIGKILL; see .*killed\.log\)/)
})

test('programs are stopped in reverse order, each after its own end', async () => {
  const { supervisor, logOf, script } = await supervised()
  const path = script(
    'slow',
    `process.on('SIGTERM', () => setTimeout(() => { console.log('ended', Date.now()); process.exit(0) }, 50))
     console.log('ready'); ${waits}`,
  )
  for (const name of ['database', 'server', 'agent']) await supervisor.start({ name, script: path, args: [] })
  await until(() => ['database', 'server', 'agent'].every((name) => logOf(name).includes('ready')))
  await supervisor.stop()
  const endedAt = ['agent', 'server', 'database'].map((name) => Number(/ended (\d+)/.exec(logOf(name))![1]))
  expect(endedAt).toEqual([...endedAt].sort((a, b) => a - b))
})

test('a program that is stopped is not started again', async () => {
  const { supervisor, lines, script } = await supervised()
  const program = await supervisor.start({ name: 'stopped', script: script('stopped', waits), args: [] })
  const identity = identify(program.pid)!
  await program.stop()
  expect(isRunning(identity)).toBe(false)
  expect(lines).toEqual([])
})

test('the waits between tries grow while a program does not start, and a stop ends them', async () => {
  const lines: string[] = []
  let launches = 0
  let triedTwice = () => {}
  const isTriedTwice = new Promise<void>((resolve) => {
    triedTwice = resolve
  })
  const kept = await keepRunning(
    'frail',
    async (): Promise<Running> => {
      launches += 1
      if (launches === 3) triedTwice()
      if (launches > 1) throw new Error('no memory')
      return { pid: 1, ended: Promise.resolve('exit status 1'), stop: async () => {} }
    },
    { log: (line) => lines.push(line) },
  )
  await isTriedTwice
  await kept.stop()
  expect(lines.slice(0, 2)).toEqual([
    'frail ended (exit status 1); starting it again',
    'frail does not start: no memory',
  ])
  expect(launches).toBe(3)
})

test('a program that ends before it is ready fails with what it said last', async () => {
  const { supervisor, lines, script } = await supervised()
  const path = script('refuses', `console.error('the area is not open: open it'); process.exit(1)`)
  const program = { name: 'refuses', script: path, args: [], isReady: async () => false }
  await expect(supervisor.start(program)).rejects.toMatchObject({
    code: 'PROGRAM_START',
    message: expect.stringMatching(/^the area is not open: open it \(exit status 1; see .*refuses\.log\)$/),
  })
  expect(lines).toEqual([])
})

test('a start is given up as soon as it is to stop, whatever answers or not, and leaves nothing running', async () => {
  const dataFolder = scratchFolder()
  const stopping = new AbortController()
  const supervisor = await startSupervisor({ dataFolder, log: () => {}, signal: stopping.signal })
  onTestFinished(() => supervisor.stop())
  const script = join(dataFolder, 'silent.mjs')
  writeFileSync(script, waits)
  const isReady = () => {
    stopping.abort()
    return new Promise<boolean>(() => {})
  }
  const stopped = { code: 'DEMO_STOPPED' }
  await expect(supervisor.start({ name: 'silent', script, args: [], isReady })).rejects.toMatchObject(stopped)
  expect(readdirSync(join(dataFolder, 'run'))).toEqual([])
  await expect(supervisor.start({ name: 'late', script, args: [] })).rejects.toMatchObject(stopped)
})
