/** What options and their variables say. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { demoCommand } from '../../server/commands/demo.ts'
import { nameVariables } from '../../server/commands/name-variables.ts'
import { rebuildCommand } from '../../server/commands/rebuild.ts'
import { serveCommand } from '../../server/commands/serve.ts'

afterEach(() => vi.unstubAllEnvs())

it.each([
  [undefined, [], false],
  ['false', [], false],
  ['', [], false],
  ['true', [], true],
  ['1', [], true],
  [undefined, ['--migrate'], true],
  ['false', ['--migrate'], true],
])('a switch is on where its variable says so (%j) or it is given (%j): %j', async (variable, given, expected) => {
  vi.stubEnv('MIGRATE', variable)
  let migrates: boolean | null = null
  const command = serveCommand().action((flags: { migrate: boolean }) => {
    migrates = flags.migrate
  })
  await command.parseAsync(['node', 'serve', ...given])
  expect(migrates).toBe(expected)
})

describe('an option without a variable of its own', () => {
  async function portsGiven(...given: string[]): Promise<Record<string, unknown>> {
    let ports = {}
    const command = nameVariables(demoCommand()).action((flags: object) => {
      ports = flags
    })
    await command.exitOverride().parseAsync(['node', 'demo', ...given])
    return ports
  }

  it('has one called as the program and the option, which what is given comes before', async () => {
    vi.stubEnv('COMMONWATT_DATABASE_PORT', '25432')
    expect(await portsGiven()).toMatchObject({ databasePort: 25432 })
    expect(await portsGiven('--database-port', '25433')).toMatchObject({ databasePort: 25433 })
  })

  it('is refused with the name of its variable', async () => {
    vi.stubEnv('COMMONWATT_DATABASE_PORT', 'many')
    vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    onTestFinished(() => {
      vi.restoreAllMocks()
    })
    await expect(portsGiven()).rejects.toThrow(/--database-port <port>.*'many'.*COMMONWATT_DATABASE_PORT/)
  })
})

describe('a configuration that names areas', () => {
  const address = (digit: string) => `0x${digit.repeat(40)}`

  function configured(names: readonly string[]): string {
    const folder = mkdtempSync(join(tmpdir(), 'commonwatt-options-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const place = { release: '0.1.0', chainId: 5, token: address('7'), developmentToken: false, escrow: address('8') }
    const others = { accounts: address('9'), recoveryDelaySeconds: 60, revocations: address('a'), firstBlock: 3 }
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o600 })
    write('deployment.json', JSON.stringify({ ...place, ...others, withdrawalDelaySeconds: 999_999 }))
    const files = names.map((name, index) => {
      const rules = { grid: address(`${index + 1}`), intervalSeconds: 900, batchSeconds: 86_400, maxGridPerKwh: '0' }
      const area = { name, currency: 'EUR', feedInPerKwh: '0.08', retailPerKwh: '0.30', graceSeconds: 600 }
      const all = { ...area, zones: [{ zone: 'z', name: 'Zone' }] }
      write(
        `${name}.json`,
        JSON.stringify({ ...all, rules: { ...rules, maxBandPerKwh: '0.80', settlingGrade: 'device' } }),
      )
      return `"${name}.json"`
    })
    // No node and no database is asked.
    const escrow = `[[escrow]]\nrpc-url = "http://127.0.0.1:1"\ndeployment = "deployment.json"\narea-file = [${files}]`
    write(
      'commonwatt.toml',
      `database-url = "postgres://nobody@127.0.0.1:1/none"\narchive-folder = "archives"\n${escrow}\n`,
    )
    return join(folder, 'commonwatt.toml')
  }

  async function optionsGiven(...given: string[]): Promise<Record<string, unknown>> {
    const told: string[] = []
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0)
    vi.spyOn(process, 'exit').mockImplementation(() => {
      throw new Error(told.join(''))
    })
    onTestFinished(() => {
      vi.restoreAllMocks()
    })
    let options = {}
    const command = rebuildCommand().action((flags: object) => {
      options = flags
    })
    await command.parseAsync(['node', 'rebuild', ...given])
    return options
  }

  it('says the number where there is one', async () => {
    const config = configured(['hill'])
    const { area, ...options } = await optionsGiven('--config', config)
    expect(options).toMatchObject({
      ...{ databaseUrl: 'postgres://nobody@127.0.0.1:1/none', escrow: address('8') },
      archiveFolder: join(config, '../archives'),
    })
    expect(area).toBeGreaterThan(0)
    expect(await optionsGiven('--config', config, '--area', '17')).toMatchObject({ area: 17 })
  })

  it('asks which where there are several', async () => {
    const config = configured(['hill', 'dale'])
    await expect(optionsGiven('--config', config)).rejects.toThrow(
      /^name one with --area: \d+ \(hill\), \d+ \(dale\)\n$/,
    )
    expect(await optionsGiven('--config', config, '--area', '17')).toMatchObject({ area: 17 })
  })

  it('is missed where nothing says the area', async () => {
    await expect(optionsGiven('--database-url', 'postgres://nobody@127.0.0.1:1/none')).rejects.toThrow(
      /^the market area is missing: give --area, the variable AREA or "area" in a file named by --config\n$/,
    )
  })
})
