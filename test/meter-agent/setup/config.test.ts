/** Which configurations are accepted, and what is said about the others. */
import { describe, expect, test } from 'vitest'
import { type ConfigError, parseConfig, readConfig } from '../../../meter-agent/setup/config.ts'

const good = `
dataFolder = "./data"
[server]
url = "http://127.0.0.1:8080"
[chain]
id = 31337
escrow = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
[area]
id = 1
intervalSeconds = 900
[metrics]
port = 9100
[mqtt]
url = "mqtt://broker.local"
username = "agent"
passwordFile = "mqtt.password"
discoveryPrefix = "ha"
[[meter]]
name = "home-1"
account = "0x00000000000000000000000000000000000000ac"
keyFile = "home-1.key"
[[meter.device]]
url = "tcp://127.0.0.1:5020"
unit = 1
profile = "sunspec"
role = "grid"
[[meter.device]]
url = "rtu:///dev/ttyUSB0?baud=9600&parity=none"
profile = "eastron-sdm630"
role = "production"
[meter.limits]
nameplateW = 10000
mainFuseW = 43000
`

function problemsOf(text: string): readonly string[] {
  try {
    parseConfig(text, '/etc/agent.toml')
    return []
  } catch (error) {
    return (error as ConfigError).problems
  }
}

const changed = (from: string, to: string) => {
  expect(good).toContain(from)
  return problemsOf(good.replace(from, to))
}

test('a whole configuration', () => {
  expect(parseConfig(good, '/etc/commonwatt/agent.toml')).toEqual({
    dataFolder: '/etc/commonwatt/data',
    serverUrl: 'http://127.0.0.1:8080',
    serverCaFile: null,
    page: null,
    chainId: 31337,
    escrow: '0x5fbdb2315678afecb367f032d93f642f64180aa3',
    area: 1,
    intervalSeconds: 900,
    trustClock: false,
    metricsPort: 9100,
    proxy: null,
    mqtt: {
      url: 'mqtt://broker.local',
      username: 'agent',
      passwordFile: '/etc/commonwatt/mqtt.password',
      caFile: undefined,
      topic: 'commonwatt',
      discoveryPrefix: 'ha',
    },
    meters: [
      {
        name: 'home-1',
        account: '0x00000000000000000000000000000000000000ac',
        keyFile: '/etc/commonwatt/home-1.key',
        pollSeconds: undefined,
        grid: { url: 'tcp://127.0.0.1:5020', unit: 1, profile: 'sunspec', role: 'grid' },
        others: [{ url: 'rtu:///dev/ttyUSB0?baud=9600&parity=none', profile: 'eastron-sdm630', role: 'production' }],
        nameplateW: 10_000,
        mainFuseW: 43_000,
        utilityCounts: 'balanced',
      },
    ],
  })
})

describe('each mistake is one line that says where, what and what to do', () => {
  test.each([
    ['dataFolder = "./data"', 'dataFolder = 3', 'dataFolder: must be a text, not 3'],
    ['http://127', 'ftp://127', 'server.url: "ftp://127.0.0.1:8080" is no server'],
    ['id = 31337', 'id = 1.5', 'chain.id: must be a whole number, at least 1, not 1.5'],
    ['aa3"', 'aa4"', 'chain.escrow: "0x5FbDB2315678afecb367f032d93F642f64180aa4" is not an address'],
    ['[area]\nid = 1\nintervalSeconds = 900', '', 'area: is missing: a table'],
    ['keyFile', 'colour = 1\nkeyFile', 'meter[0].colour: has no meaning here'],
    [
      'tcp://127.0.0.1:5020',
      '127.0.0.1:5020',
      'meter[0].device[0].url: "127.0.0.1:5020" is no device: write "tcp://host:port"',
    ],
    [
      'role = "grid"',
      'role = "gird"',
      'meter[0].device[0].role: must be one of "grid", "production", "battery", not "gird"',
    ],
    ['role = "grid"', 'role = "battery"', 'meter[0] (home-1).device: exactly one device needs role = "grid"'],
    ['unit = 1', 'unit = "1"', 'meter[0].device[0].unit: must be a whole number from 0 to 255, not "1"'],
    [
      'nameplateW = 10000',
      'nameplateW = -1',
      'meter[0].limits.nameplateW: must be a whole number from 1 to 100000000 (W), not -1',
    ],
    ['[[meter.device]]\nurl = "tcp', '[meter.device]\nurl = "tcp', 'this is no TOML: see line '],
    ['keyFile', 'pollSeconds = 800\nkeyFile', 'meter[0] (home-1).pollSeconds: at most half'],
    [
      'keyFile',
      'pollSeconds = "5"\nkeyFile',
      'meter[0].pollSeconds: must be a number from 0.1 to 3600 (seconds), not "5"',
    ],
    ['aa3"', 'aa3"\n[clock]\ntrust = "yes"', 'clock.trust: must be true or false, not "yes"'],
    [
      '[area]\nid = 1\nintervalSeconds = 900',
      '[area]\nid = 1',
      'area.intervalSeconds: is missing: a whole number from 1',
    ],
    ['home-1"\nacc', 'home 1"\nacc', 'meter[0].name: must be up to 64 letters, digits, ".", "_" and "-", not "home 1"'],
    ['port = 9100', 'port = 99999', 'metrics.port: must be a whole number from 1 to 65535, not 99999'],
    [
      'mqtt://broker.local',
      'http://broker.local',
      'mqtt.url: "http://broker.local" is no broker: write "mqtt://host:1883"',
    ],
    ['mqtt://broker.local', 'mqtt://me:pw@broker', 'mqtt.url: holds a name or a password: write username'],
    [
      'discoveryPrefix = "ha"',
      'discoveryPrefix = "ha/#"',
      'mqtt.discoveryPrefix: must be letters, digits, "_" and "-", with "/" between the levels of a topic, not "ha/#"',
    ],
  ])('%s → %s', (from, to, expected) => {
    const problems = changed(from, to)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(/^\/etc\/agent\.toml/)
    expect(problems[0]).toContain(expected)
    expect(problems[0]).not.toContain('\n')
  })

  test('all mistakes at once, each once', () => {
    expect(problemsOf('colour = "red"\n[server]\n').map((line) => line.split(': ')[1])).toEqual([
      'dataFolder',
      'server.url',
      'chain',
      'area',
      'meter',
      'colour',
    ])
  })

  test('one device or key in two places is refused: energy would be metered twice', () => {
    const meter = good.slice(good.indexOf('[[meter]]'))
    expect(problemsOf(good + meter.replace('"home-1"', '"home-2"')).map((line) => line.split(' is used')[0])).toEqual([
      '/etc/agent.toml: the key file "/etc/home-1.key"',
      '/etc/agent.toml: the device "tcp:127.0.0.1:5020 unit 1 grid"',
      '/etc/agent.toml: the device "rtu:/dev/ttyUSB0 unit 1 production"',
    ])
  })

  test.each([
    ['sma', 'unit = 3', 'unit 3'],
    ['sunspec', 'unit = 1', 'unit 1'],
    ['kostal-plenticore', 'unit = 71', 'unit 71'],
  ])(
    'one %s device is found out with its unit written and left out, and with other patience',
    (profile, unit, named) => {
      const two = `${good}
[[meter.device]]
url = "tcp://192.0.2.9:502"
role = "battery"
profile = "${profile}"
${unit}
[[meter.device]]
url = "tcp://192.0.2.9:502?timeout=5000"
role = "battery"
profile = "${profile}"
`
      expect(problemsOf(two)).toEqual([
        `/etc/agent.toml: the device "tcp:192.0.2.9:502 ${named} battery" is used twice: the same energy must not be metered twice`,
      ])
      expect(() => parseConfig(two.replace(`${unit}\n[[`, `unit = 9\n[[`), '/etc/agent.toml')).not.toThrow()
    },
  )

  test('one device in two roles is refused, unless each is read by a register map of its own', () => {
    const two = (profile: string) => `${good}
[[meter.device]]
url = "tcp://127.0.0.1:5020"
role = "battery"
profile = "${profile}"
unit = 1
`
    expect(problemsOf(two('sunspec'))).toEqual([expect.stringContaining('unit 1 battery" is used twice')])
    expect(() => parseConfig(two('kostal-plenticore'), '/etc/agent.toml')).not.toThrow()
  })

  test('a device is written as for "read": without its port, it is the usual one', () => {
    const { meters } = parseConfig(good.replace('tcp://127.0.0.1:5020', 'tcp://inverter'), '/etc/agent.toml')
    expect(meters[0]!.grid.url).toBe('tcp://inverter')
    expect(problemsOf(good.replace('tcp://127.0.0.1:5020', 'tcp://inverter?timeout=never'))).toHaveLength(1)
  })

  test('a missing file', async () => {
    await expect(readConfig('/nowhere/agent.toml')).rejects.toThrow(
      'there is no such file; "commonwatt-agent init" makes one',
    )
  })
})
