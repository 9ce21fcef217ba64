/** The unit that lets systemd run the agent. */
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { serviceUnit, sparingFlags } from '../../../meter-agent/commands/service-unit.ts'
import { bundleProgram } from '../bundle.ts'
import { command, writeConfig } from '../home/agent-process.ts'

const facts = {
  node: process.execPath,
  program: '/opt/agent.js',
  config: '/etc/agent.toml',
  user: '1000',
  writable: ['/tmp'],
  serialPorts: [],
}
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonwatt service-'))
})
afterEach(() => rm(folder, { recursive: true }))

const hasSystemd = spawnSync('systemd-analyze', ['--version']).error === undefined

describe('the unit', () => {
  test('quotes what systemd would read otherwise', () => {
    const unit = serviceUnit({ ...facts, config: '/home/a b/100%/$x.toml', writable: ['/home/a b'] })
    expect(unit).toContain('run --config "/home/a b/100%%/$$x.toml"')
    expect(unit).toContain('ReadWritePaths="/home/a b"')
  })

  test('opens serial ports only where the configuration has some', () => {
    expect(serviceUnit(facts)).toContain('PrivateDevices=yes')
    const serial = serviceUnit({ ...facts, serialPorts: ['/dev/ttyUSB0'] })
    expect(serial).toContain('DeviceAllow=/dev/ttyUSB0 rw')
    expect(serial).toContain('SupplementaryGroups=dialout')
    expect(serial).not.toContain('PrivateDevices')
  })

  // Needs systemd's own program, which is not on every machine.
  test.skipIf(!hasSystemd).each([[[]], [['/dev/ttyUSB0']]])(
    'is one that systemd understands and finds well hardened, with serial ports %j',
    async (serialPorts) => {
      const file = join(folder, 'commonwatt-agent.service')
      await writeFile(file, serviceUnit({ ...facts, program: process.execPath, serialPorts }))
      const verified = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' })
      expect(verified.stderr.split('\n').filter((line) => line.includes('commonwatt-agent'))).toEqual([])
      const security = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=30', file], {
        encoding: 'utf8',
      })
      const [, exposure] = `${security.stdout}${security.stderr}`.match(/exposure level for \S+: ([\d.]+)/) ?? []
      console.log(`exposure of the agent's unit with ${serialPorts.length} serial ports, of 10: ${exposure}`)
      expect(security.status).toBe(0)
    },
  )
})

describe('the command', () => {
  let program: string
  beforeAll(async () => {
    program = await bundleProgram('meter-agent/cli.ts')
  })
  afterAll(() => rm(join(program, '..'), { recursive: true, force: true }))

  const config = () =>
    writeConfig(folder, {
      serverUrl: 'http://127.0.0.1:1',
      escrow: `0x${'e5'.repeat(20)}`,
      intervalSeconds: 900,
      devicePort: 502,
    })

  test('writes a unit that runs this very program as the owner of the configuration', async () => {
    const file = await config()
    await mkdir(join(folder, 'data'))
    const done = await command(program, ['install-service', '--config', file, '--folder', folder])
    expect(done).toMatchObject({ status: 0, err: '' })
    const unit = await readFile(join(folder, 'commonwatt-agent.service'), 'utf8')
    expect(unit).toContain(`ExecStart=${process.execPath} ${sparingFlags.join(' ')} ${program} run --config "${file}"`)
    expect(unit).toContain(`User=${process.getuid!()}`)
    expect(unit).toContain(`ReadWritePaths="${join(folder, 'data')}" "${folder}"`)
    expect((await command(program, ['install-service', '--config', file, '--print'])).out).toBe(unit)
  })

  test('says what comes first, and where it may not write', async () => {
    const file = await config()
    expect(await command(program, ['install-service', '--config', file, '--print'])).toMatchObject({
      status: 2,
      err: expect.stringContaining('run "commonwatt-agent pair" or "enrol" first'),
    })
    await mkdir(join(folder, 'data'))
    expect(await command(program, ['install-service', '--config', file, '--folder', '/no/such/folder'])).toMatchObject({
      status: 2,
      err: expect.stringContaining('run this with sudo'),
    })
  })
})
