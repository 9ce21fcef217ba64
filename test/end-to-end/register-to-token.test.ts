/**
 * From Modbus registers to tokens in a wallet, through the real processes: simulated devices, agents, server, PostgreSQL
 * and chain. No time warp, no balance written from outside, no call into the core. Every number is worked out by hand:
 *
 * In each interval the north roof exports 100 Wh (asks 0.10), the south roof 100 Wh (asks 0.08), the buyer takes 120 Wh
 * (bids 0.25). The south link carries 60 Wh and costs 0.005, the north link costs 0.01.
 * - South sells 60 Wh (its link is full), north the other 60 Wh; both are at the margin, so north's price is its ask of
 *   0.10, south's its ask of 0.08, and the transformer's 0.10 + 0.01 = 0.11.
 * - The buyer owes 120 × 1,100 = 132,000 ledger units, north is due 60 × 1,000 = 60,000, south 60 × 800 = 48,000.
 * - Left are 24,000: fees 60 × 100 + 60 × 50 = 9,000 and congestion rent 60 × (1,100 − 800 − 50) = 15,000. The grid keeps
 *   150 × 120 = 18,000; the excess of 6,000 goes back by matched energy: 3,000 to the buyer, 1,500 to each roof.
 * So an interval moves 129,000 from the buyer, 61,500 to north, 49,500 to south, 18,000 to the grid; a batch three times that.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JsonRpcProvider, Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { escrowAt, tokenAt } from '../../contracts/build/deploy.ts'
import { partsOfSeatId } from '../../contracts/protocol/entry.ts'
import { signFull } from '../../contracts/protocol/typed-data.ts'
import { formatMoney } from '../../contracts/protocol/units.ts'
import { readKeyFile } from '../../meter-agent/keys/keys.ts'
import { rotateKeys } from '../../meter-agent/keys/rotation.ts'
import { readConfig } from '../../meter-agent/setup/config.ts'
import type { DemoPerson } from '../../server/api/demo-resources.ts'
import type {
  AreaResource,
  BatchResource,
  IntervalResource,
  SeatIntervalResource,
  SeatResource,
} from '../../server/api/resources.ts'
import { type ApiClient, publicClient, signInWithKey } from '../../server/api-client.ts'
import { readSettledSeat } from '../../server/chain/settled-seat.ts'
import type { RunningDemo } from '../../server/demo/demo.ts'
import { eventually } from '../../server/demo/onboarding.ts'
import { readStatementFile } from '../../server/settlement/statement-file.ts'
import { verifyStatement } from '../../server/settlement/verify/verify-statement.ts'
import { assertBuilt, builtProgram } from '../built.ts'
import { batchSeconds, intervalSeconds, scriptedStreet } from './scripted-street.ts'
import { startTimelyDemo, type TimelyDemo } from './timely-demo.ts'

const intervals = 3

const folder = mkdtempSync(join(tmpdir(), 'commonwatt-end-to-end-'))
let startSeconds: number
let timely: TimelyDemo
let demo: RunningDemo
let provider: JsonRpcProvider
let area: AreaResource
const people = new Map<string, { wallet: Wallet; client: ApiClient; seat: SeatResource | undefined }>()

async function seatsOf(client: ApiClient, account: string): Promise<SeatResource | undefined> {
  return (await client.get<{ items: SeatResource[] }>(`/accounts/${account}/seats`)).items[0]
}

function at(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}

function sameTime(text: string, seconds: number): boolean {
  return Date.parse(text) === seconds * 1000
}

beforeAll(async () => {
  assertBuilt(['commonwatt', 'commonwatt-agent'])
  const counted = { roofNorth: 100, roofSouth: 100, buyer: 120 }
  const quantities = Array.from({ length: intervals }, () => counted)
  timely = await startTimelyDemo(folder, (start) =>
    scriptedStreet(folder, { startSeconds: start, intervals: quantities }),
  )
  ;({ demo, startSeconds } = timely)
  const { ports } = timely
  provider = new JsonRpcProvider(`http://127.0.0.1:${ports.chain}`, 31337, { staticNetwork: true, cacheTimeout: -1 })
  const visitor = publicClient(demo.url)
  area = (await visitor.get<{ items: AreaResource[] }>('/areas')).items[0]!
  for (const person of await visitor.get<DemoPerson[]>('/demo/people')) {
    const wallet = new Wallet(person.privateKey)
    const client = await signInWithKey(demo.url, wallet, area.chain.chainId)
    people.set(person.name, { wallet, client, seat: await seatsOf(client, person.account) })
  }
  await changeKey('roof-north')
}, 600_000)

/** The agent makes a meter's next key while it runs, the owner approves: it signs from the middle of the first batch on. */
async function changeKey(name: string): Promise<void> {
  const { wallet, client, seat } = people.get(name)!
  const [ticket] = await rotateKeys(await readConfig(join(timely.dataFolder, 'homes', name, 'agent.toml')), {
    from: startSeconds + intervalSeconds,
    nowMs: Date.now(),
  })
  const { rotation, keySignature, nextSignature } = ticket!
  const accountSignature = await signFull(wallet, area.chain, 'RotateKey', rotation)
  await client.post('/relay/keys', { rotation, accountSignature, keySignature, nextSignature }, `key-${rotation.next}`)
  const keys = await eventually(async () => {
    const now = await seatsOf(client, wallet.address.toLowerCase())
    return now?.keys.length === 1 ? now.keys : undefined
  }, 'the next key to be on chain')
  expect(keys).toEqual([{ key: rotation.next, from: expect.any(String) }])
  expect(seat!.meter).toBe(rotation.key)
  expect(Date.parse(keys[0]!.from) / 1000, 'the key changes in the first batch').toBe(startSeconds + intervalSeconds)
}

afterAll(async () => {
  provider?.destroy()
  await timely?.end()
  rmSync(folder, { recursive: true, force: true })
})

describe('a day in the life of a watt-hour', () => {
  let batch: BatchResource

  it('is metered, cleared and settled on chain, to the last unit', async () => {
    const end = startSeconds + batchSeconds
    batch = await eventually(async () => {
      const { items } = await publicClient(demo.url).get<{ items: BatchResource[] }>(`/areas/${area.area}/batches`)
      return items.find((one) => sameTime(one.end, end) && one.status === 'settled')
    }, 'the batch to be settled')
    expect(batch).toMatchObject({ energyWh: 360, paid: '0.0387', received: '0.0333', gridTake: '0.0054' })

    const { items } = await publicClient(demo.url).get<{ items: IntervalResource[] }>(
      `/areas/${area.area}/intervals?from=${at(startSeconds)}&to=${at(end)}`,
    )
    expect(items).toHaveLength(intervals)
    for (const interval of items) {
      expect(interval).toMatchObject({
        status: 'final',
        matchedWh: 120,
        importWh: 120,
        exportWh: 200,
        missingReadings: 0,
      })
      expect(interval).toMatchObject({ gridFees: '0.0009', congestionRent: '0.0015' })
      expect(interval.zones.map(({ zone, pricePerKwh }) => [zone, pricePerKwh])).toEqual([
        ['transformer', '0.1100'],
        ['north', '0.1000'],
        ['south', '0.0800'],
      ])
      expect(interval.flows).toEqual([
        { zone: 'north', exportWh: null, congestionPerKwh: '0.0000' },
        { zone: 'south', exportWh: null, congestionPerKwh: '0.0250' },
      ])
    }
  })

  it('is shown to everybody: metered = matched + residual, and why', async () => {
    const expected = {
      'roof-north': {
        exportWh: 100,
        soldWh: 60,
        residualExportWh: 40,
        received: '0.00615',
        paid: '0',
        pricePerKwh: '0.1000',
      },
      'roof-south': {
        exportWh: 100,
        soldWh: 60,
        residualExportWh: 40,
        received: '0.00495',
        paid: '0',
        pricePerKwh: '0.0800',
      },
      buyer: {
        importWh: 120,
        boughtWh: 120,
        residualImportWh: 0,
        received: '0',
        paid: '0.0129',
        pricePerKwh: '0.1100',
      },
    }
    for (const [name, numbers] of Object.entries(expected)) {
      const { client, wallet, seat } = people.get(name)!
      const { items } = await client.get<{ items: SeatIntervalResource[] }>(
        `/accounts/${wallet.address.toLowerCase()}/intervals?seat=${seat!.seat}&from=${at(startSeconds)}&to=${at(startSeconds + batchSeconds)}`,
      )
      expect(items).toHaveLength(intervals)
      for (const interval of items) expect(interval).toMatchObject({ quality: 'measured', ...numbers })
    }
    const south = people.get('roof-south')!
    const { items } = await south.client.get<{ items: SeatIntervalResource[] }>(
      `/accounts/${south.wallet.address.toLowerCase()}/intervals?seat=${south.seat!.seat}&from=${at(startSeconds)}&to=${at(startSeconds + intervalSeconds)}`,
    )
    expect(items[0]!.outcomes[0]).toMatchObject({ side: 'sell', offeredWh: 100, filledWh: 60 })
    expect(items[0]!.outcomes[0]!.code).toMatch(/link-full|margin/)
  })

  it('is in the purses on chain, which the escrow’s tokens cover', async () => {
    const escrow = escrowAt(demo.escrow, provider)
    const deposit = 10n * 10_000_000n
    const change = { 'roof-north': 184_500n, 'roof-south': 148_500n, buyer: -387_000n }
    let claims = 0n
    for (const [name, units] of Object.entries(change)) {
      const balance: bigint = await escrow.balanceOf!(people.get(name)!.seat!.seat)
      expect([name, balance]).toEqual([name, deposit + units])
      claims += balance
    }
    const grid: bigint = await escrow.gridBalance!(area.area)
    expect(grid).toBe(54_000n)
    // Ten ledger units are one base unit of the token.
    const tokens: bigint = await tokenAt(demo.token, provider).balanceOf!(demo.escrow)
    expect(tokens * 10n).toBe(claims + grid)
  })

  it('was signed by two keys of one meter, of which the first is gone', async () => {
    const { client, seat } = people.get('roof-north')!
    const keyFile = join(timely.dataFolder, 'homes/roof-north/roof-north-meter.key')
    await eventually(async () => (existsSync(`${keyFile}.next`) ? undefined : true), 'the former key to be gone')
    const { address, key } = await readKeyFile(keyFile, area.chain)
    expect(address).toBe(seat!.meter)
    expect(key).not.toBe(address)
    const end = startSeconds + batchSeconds
    const { number } = partsOfSeatId(BigInt(seat!.seat))
    const query = { provider, escrow: area.chain.escrow, area: area.area, seat: number, end, firstBlock: 0 }
    const statement = await client.get(`/accounts/${seat!.account}/statements/${at(end)}?seat=${seat!.seat}`)
    expect(verifyStatement(readStatementFile(statement), await readSettledSeat(query))).toBeNull()
  })

  it('is in the utility’s report, row by row', async () => {
    const { client } = people.get('Grid')!
    const csv = await client.text(
      `/areas/${area.area}/report?from=${at(startSeconds)}&to=${at(startSeconds + batchSeconds)}`,
    )
    const [header, ...lines] = csv.trim().split('\r\n').slice(0, -1)
    const columns = header!.split(',')
    const rows = lines.map((line) => new Map(line.split(',').map((cell, index) => [columns[index], cell])))
    expect(rows).toHaveLength(3 * intervals)
    const sum = (column: string) => rows.reduce((total, row) => total + Number(row.get(column)), 0)
    expect([sum('importWh'), sum('exportWh'), sum('boughtWh'), sum('soldWh')]).toEqual([360, 600, 360, 360])
    for (const row of rows) {
      const wh = (column: string) => Number(row.get(column))
      expect(wh('importWh')).toBe(wh('boughtWh') + wh('residualImportWh'))
      expect(wh('exportWh')).toBe(wh('soldWh') + wh('residualExportWh'))
      expect(row.get('statementRoot')).toBe(batch.statementRoot)
    }
  })

  it('is told by the operator’s commands, with the configuration that the demo wrote', async () => {
    const command = (...args: string[]) => {
      const run = spawnSync(process.execPath, [builtProgram('commonwatt'), ...args, '--config', demo.config], {
        ...{ encoding: 'utf8', env: { PATH: process.env.PATH } },
      })
      expect([run.stderr, run.status], args.join(' ')).toEqual(['', 0])
      return run.stdout
    }
    const end = startSeconds + batchSeconds
    const number = ['--area', String(area.area)]
    const csv = command('report', ...number, '--from', at(startSeconds), '--to', at(end))
    expect(csv.trim().split('\r\n')).toHaveLength(1 + 3 * intervals + 1)
    const file = join(folder, 'batch.jsonl')
    writeFileSync(file, command('export', ...number, '--end', at(end)))
    expect(command('verify', file)).toBe('right\n')
    const clerk = ['--server-url', demo.url, '--key-file', join(timely.dataFolder, 'community/keys/grid.key')]
    expect(command('export', ...number, ...clerk, '--end', at(end))).toBe(readFileSync(file, 'utf8'))
    const report = join(folder, 'report.csv')
    writeFileSync(report, csv)
    const compared = `right: ${3 * intervals} rows, of which ${3 * intervals} are what their batch gives\n`
    expect(command('verify', report, ...clerk)).toBe(compared)
    const to = Wallet.createRandom().address
    const gridKey = join(timely.dataFolder, 'community/keys/grid.key')
    expect(command('area', 'withdraw-fees', '--key-file', gridKey, '--to', to)).toMatch(/^done in transaction 0x/)
    expect(await tokenAt(demo.token, provider).balanceOf!(to)).toBe(5_400n)
  })

  it('ends as tokens in a wallet: requested, waited for, claimed', async () => {
    const { wallet, client, seat } = people.get('roof-north')!
    const to = Wallet.createRandom().address.toLowerCase()
    const account = wallet.address.toLowerCase()
    const domain = { chainId: area.chain.chainId, escrow: area.chain.escrow }
    const deadline = Math.floor(Date.now() / 1000) + 600
    const amount = 2n ** 100n
    const withdrawal = { account, seat: BigInt(seat!.seat), amount, to, nonce: seat!.withdrawalNonce, deadline }
    const signature = await signFull(wallet, domain, 'Withdrawal', withdrawal)
    const body = {
      seat: seat!.seat,
      amount: formatMoney(amount, area.priceDecimals),
      to,
      nonce: withdrawal.nonce,
      deadline,
      signature,
    }
    await client.post('/relay/withdrawals', body, `withdraw-${seat!.seat}`)
    const requested = await eventually(async () => {
      const now = await seatsOf(client, account)
      return now?.withdrawal === null ? undefined : now?.withdrawal
    }, 'the request to be on chain')
    expect(requested).toMatchObject({ to })
    await eventually(
      async () => (Date.now() > Date.parse(requested!.claimableAt) + 1_500 ? true : undefined),
      'the delay',
    )
    await client.post('/relay/claims', { seat: seat!.seat }, `claim-${seat!.seat}`)
    const paid = await eventually(async () => {
      const tokens: bigint = await tokenAt(demo.token, provider).balanceOf!(to)
      return tokens > 0n ? tokens : undefined
    }, 'the payout')
    expect(paid).toBe(10_018_450n)
  })

  it('left no error in any log', () => {
    const logs = join(timely.dataFolder, 'logs')
    const errors = readdirSync(logs).flatMap((file) => {
      const lines = readFileSync(join(logs, file), 'utf8').split('\n')
      return lines.filter((line) => /^\{"level":[56]0,/.test(line)).map((line) => `${file}: ${line}`)
    })
    expect(errors).toEqual([])
  })
})
