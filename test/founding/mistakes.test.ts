/** Answers that a community cannot be founded with: each is refused in a sentence that says what to write. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answers, completeAnswers } from '../../server/founding/answers.ts'
import { foundCommunity } from '../../server/founding/found.ts'
import { type Community, commonwatt, foundCommunity as founded, type Ground, startGround } from './community.ts'

const refused: [answers: Answers, says: string][] = [
  [{ currency: 'Euros' }, '--currency Euros: write a currency’s three capital letters (ISO 4217), like EUR'],
  [
    { retailPrice: '0,30' },
    '--retail-price 0,30: write a price per kWh like 0.30, with a point and at most four decimals',
  ],
  [{ feedInPrice: '0.08123' }, 'at most four decimals'],
  [{ interval: '15' }, '--batch 1d: it has 5760 intervals of 15, and may have 4095'],
  [{ interval: '7m', batch: '1h' }, '--batch 1h: it must be whole intervals of 7m'],
  [{ withdrawalDelay: '1h' }, 'it must be longer than batch and grace together'],
  [{ feeders: 'nörth' }, 'a name is 1 to 31 letters'],
  [{ port: '0' }, '--port 0: a port is 1 to 65535'],
  [{ port: '65536' }, 'a port is 1 to 65535'],
  [{ metricsPort: '8080' }, '--metrics-port 8080: the server listens there'],
  [{ grid: '0x12' }, 'an address is 0x and 40 hexadecimal digits'],
  [{ databaseUrl: 'mysql://x' }, 'write it like postgres://user:password@host/database'],
  [{ rpcUrl: '127.0.0.1:8545' }, 'write it like https://node.example'],
  [{ origin: 'market.example' }, 'write it like https://market.example'],
]

test.each(refused)('%o is refused', (answers, says) => {
  expect(() => completeAnswers(answers)).toThrow(says)
})

test('a folder that cannot be made is named as it was given', () => {
  // No folder can be made below a device.
  const found = () => foundCommunity('/dev/null/sunfield', completeAnswers({}))
  expect(found).toThrow(/^no folder can be made in \/dev\/null \(E/)
})

describe('contracts', { timeout: 300_000 }, () => {
  let ground: Ground
  let community: Community
  beforeAll(async () => {
    ground = await startGround()
    community = await founded(ground, 'Sunfield')
  })
  afterAll(() => ground.stop())

  test('are deployed for a token only: what stands at its address is looked at before anything is paid for', async () => {
    const { escrow } = JSON.parse(readFileSync(join(community.folder, 'deployment.json'), 'utf8'))
    for (const [token, says] of [
      [`0x${'1'.repeat(40)}`, 'there is no contract at'],
      [escrow, 'there is no token (ERC-20) at'],
    ]) {
      const { status, stdout, stderr } = await commonwatt(community.folder, [
        ...['deploy', '--config', 'commonwatt.toml', '--key-file', 'keys/deployer.key', '--out', 'other.json'],
        ...['--token', token, '--withdrawal-delay', '5m'],
      ])
      expect([status, stdout, stderr]).toEqual([1, '', `--token: ${says} ${token} on chain 424242\n`])
    }
  })
})
