/**
 * A street of grade `billing` lives its month on a real chain and a real database: agents read, the metering operator sends files, its
 * key signs registers when the grace has passed, batches are cut, stated and settled. One clock drives all of it, years ahead.
 */
import { Wallet } from 'ethers'
import { Registry } from 'prom-client'
import type { ReadingAck, SignedReading } from '../../contracts/protocol/wire.ts'
import { readOfficialValues } from '../../server/exchange/read-values.ts'
import { createReadingIntake, type ReadingIntake, toldBy } from '../../server/live/reading-intake.ts'
import { type FeederNote, feedArea } from '../../server/official/feeder.ts'
import { keyOfPoint } from '../../server/official/metering-keys.ts'
import { type TakenFile, takeFile } from '../../server/official/take-file.ts'
import { startSignatureCheck } from '../../server/signatures/signature-check.ts'
import { type Database, transact } from '../../server/store/database.ts'
import { replaceRoster, setAreaPlace } from '../../server/store/roster-store.ts'
import { type Market, startMarket } from '../chain/market.ts'
import { type Home, openStreet, passUntil, type Street, type TestChain } from '../chain/street.ts'
import type { ScratchServer } from '../store/scratch-database.ts'
import {
  countedWh,
  directionsOf,
  hasAgent,
  hasRoof,
  type MonthPlan,
  pointOf,
  type SentFile,
  sentFiles,
  vienna,
} from './metered-homes.ts'

const [hour, day] = [3_600, 86_400]
const lowercase = (wallet: Wallet) => wallet.address.toLowerCase() as `0x${string}`
/** Everybody's, in ledger units. */
export const deposit = 20_000_000_000n
/** The agent of the first home counts so much less, once. */
const agentShortWh = 100

export interface PlayedMonth {
  plan: MonthPlan
  database: Database
  street: Street
  market: Market
  /** Home 1 is the first. */
  homes: Home[]
  taken: TakenFile[]
  notes: FeederNote[]
  /** Readings of agents that were acknowledged. */
  agentReadings: number
  stop(): Promise<void>
}

/** Opens the street some hours before the plan's first day. */
async function openMonth({ chain, server }: { chain: TestChain; server: ScratchServer }, plan: MonthPlan) {
  const { provider } = chain
  const { database, url } = await server.fresh()
  const [operator, metering] = [
    new Wallet(Wallet.createRandom().privateKey),
    new Wallet(Wallet.createRandom().privateKey),
  ]
  await provider.send('anvil_setBalance', [operator.address, `0x${(10n ** 20n).toString(16)}`])
  await passUntil(provider, vienna.startOfDay(plan.firstDay) - 2 * hour)
  const numbers = Array.from({ length: plan.homes }, (_, i) => i + 1)
  const own = numbers.map((home) => ({
    account: new Wallet(Wallet.createRandom().privateKey),
    meter: new Wallet(keyOfPoint(metering, pointOf(home)).privateKey),
    grade: 1,
    zone: home % 4 === 0 ? 'lane' : 'street',
  }))
  const agents = numbers.filter(hasAgent).map((home) => ({ ...own[home - 1]!, meter: undefined, grade: 0 }))
  const owners = [...own, ...agents]
  const street = await openStreet(provider, {
    ...{ operator, validDays: 90, batchSeconds: day, withdrawalDelaySeconds: 6 * day },
    deposits: owners.map(({ grade }) => (grade === 1 ? deposit : 0n)),
    zones: owners.map(({ zone }) => zone),
    owners: owners.map(({ account, meter, grade }) => ({ account, grade, ...(meter && { meter }) })),
    rules: { intervalSeconds: plan.intervalSeconds, settlingGrade: 1 },
  })
  const perHour = hour / plan.intervalSeconds
  const zones = [
    { zone: 'street', name: 'Street', parent: null, feeTicksPerKwh: 0, capacityWh: null },
    { zone: 'lane', name: 'Lane', parent: 'street', feeTicksPerKwh: 100, capacityWh: 600 / perHour },
  ]
  const change = { zones, currency: 'EUR', graceMs: plan.graceSeconds * 1_000 }
  const market = await startMarket({ chain, database, url, street, operator, change })
  const homes = street.homes.slice(0, plan.homes)
  const companions = numbers.filter(hasAgent).map((home, i) => ({ home, seat: street.homes[plan.homes + i]! }))
  const { areaId } = market.stored
  await transact(database, async (sql) => {
    const place = { country: 'AT', timeZone: 'Europe/Vienna', sender: null, receiver: null, domain: null }
    await setAreaPlace(sql, areaId, { ...place, community: null })
    const line = { fromDay: plan.firstDay - 1, endDay: null, supplier: 'Supplier', balanceGroup: null, community: '' }
    const rows = numbers.flatMap((home) =>
      directionsOf(home).map((direction) => ({
        ...{ ...line, direction, meter: lowercase(own[home - 1]!.meter), member: `home ${home}`, point: pointOf(home) },
        ...{ factorPercent: 100, shareMillionths: null },
      })),
    )
    await replaceRoster(sql, areaId, rows)
  })
  await market.indexer.advance()
  const until = vienna.startOfDay(plan.firstDay + plan.days + 1)
  for (const [i, home] of homes.entries()) {
    await market.order(home, 'buy', 1_500 + 40 * i, until, 4_000 / perHour)
    if (hasRoof(i + 1)) await market.order(home, 'sell', 500 + 30 * i, until, 8_000 / perHour)
  }
  return { database, street, market, metering, homes, companions }
}

type OpenedMonth = Awaited<ReturnType<typeof openMonth>>

/** What an agent's counters show at a boundary. */
async function agentReading(
  { street }: OpenedMonth,
  { home, seat }: OpenedMonth['companions'][number],
  time: number,
  { from, shortAt }: { from: number; shortAt: number },
): Promise<SignedReading> {
  const counted = (direction: 'import' | 'export') => countedWh(home, direction, from, time)
  const short = home === 1 && time === shortAt ? agentShortWh : 0
  const reading = await street.reading(seat, time, 1_000 + counted('import') - short, 2_000 + counted('export'))
  return { ...reading, sequence: time, productionWh: null, reasons: [] }
}

/** Plays the whole plan, and until its last batch is settled and the last late file was taken. `lived` hears how far it is, in seconds. */
export async function playMonth(
  place: { chain: TestChain; server: ScratchServer },
  plan: MonthPlan,
  lived: (time: number) => void,
): Promise<PlayedMonth> {
  const opened = await openMonth(place, plan)
  const { database, street, market, metering, homes, companions } = opened
  const signatures = await startSignatureCheck({ registry: new Registry(), threads: 0 })
  const intake = createReadingIntake({ get: () => market.area as never, all: () => [market.area] }, signatures)
  const deliver = (readings: readonly SignedReading[]) => take(intake, market, street, readings)
  const notes: FeederNote[] = []
  const feeding = { database, operator: metering, tolerance: { wh: 20, percent: 5 } }
  const feed = async (time: number) => {
    const parts = { ...feeding, deliver: (_: unknown, readings: SignedReading[]) => deliver(readings) }
    await feedArea({ ...parts, noted: (note) => notes.push(note) }, market.area, market.stored.areaId)
    await market.leapTo(time)
  }
  const { intervalSeconds, graceSeconds, leapSeconds } = plan
  const files = sentFiles(plan)
  const taken: TakenFile[] = []
  const lastEnd = Math.ceil(vienna.startOfDay(plan.firstDay + plan.days) / day) * day
  const end = Math.max(lastEnd + graceSeconds, files.at(-1)!.at) + 2 * leapSeconds
  const first = street.from
  const shortAt = vienna.startOfDay(plan.firstDay) + 12 * hour
  const counting = { from: first - intervalSeconds, shortAt }
  let agentReadings = 0
  let boundary = first
  for (let time = Math.ceil(first / leapSeconds) * leapSeconds; time <= end; time += leapSeconds) {
    const now = time + 5
    await market.leapTo(now)
    const readings: Promise<SignedReading>[] = []
    for (; boundary <= Math.min(time, lastEnd); boundary += intervalSeconds) {
      readings.push(...companions.map((own) => agentReading(opened, own, boundary, counting)))
    }
    const acks = await deliver(await Promise.all(readings))
    agentReadings += acks.filter(({ status }) => status === 'stored').length
    const due = files.filter(({ at }) => at <= now)
    for (const file of files.splice(0, due.length)) {
      taken.push(await takeSent(database, market.stored.areaId, file))
    }
    await feed(now + 1)
    await settleDue(place.chain, market, database, now + 2)
    lived(time)
  }
  return {
    ...{ plan, database, street, market, homes, taken, notes, agentReadings },
    async stop() {
      await signatures.close()
      await market.stop()
    },
  }
}

async function take(
  intake: ReadingIntake,
  market: Market,
  { domain }: Street,
  readings: readonly SignedReading[],
): Promise<ReadingAck[]> {
  const told = toldBy([market])
  return intake.take(readings.map((reading) => ({ reading, domain, told })))
}

async function takeSent(database: Database, areaId: number, { at, name, content }: SentFile): Promise<TakenFile> {
  const values = await readOfficialValues(content)
  return takeFile(database, areaId, { name, content, values, by: null, now: new Date(at * 1000) })
}

/** The chain shows a block of now; what was cut since is stated and settled. */
async function settleDue({ provider }: TestChain, market: Market, database: Database, now: number): Promise<void> {
  await passUntil(provider, now)
  await market.leapTo(now)
  await market.hear()
  for (let turns = 0; turns < 20; turns++) {
    const [open] = await database<{ count: number }[]>`
      select count(*)::int as count from batches left join batch_progress using (area_id, end_at)
      where status is distinct from 'settled'`
    if (open!.count === 0) return
    await market.turn()
  }
  throw new Error('batches are cut and do not settle')
}
