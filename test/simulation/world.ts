/** One simulated street from a seed: who is in it, how long it lives, and what is made of it at the end. */
import type { Event } from '../../server/market/area/area.ts'
import { Chain, confirmMeter, deposit, openSeat } from './chain.ts'
import { Database, type JournalWitness } from './database.ts'
import { checkEnd } from './end-laws.ts'
import { clockToleranceMs, Faults, mostJointLeapMs } from './faults.ts'
import { Home } from './home.ts'
import { JournalLaws } from './journal-laws.ts'
import { MarketLaws } from './market-laws.ts'
import { Network } from './network.ts'
import { type Household, People, randomLimits, randomPlace } from './people.ts'
import type { PlantedBug } from './planted.ts'
import { PromiseLaws } from './promise-laws.ts'
import { randomOf } from './random.ts'
import { Scheduler } from './scheduler.ts'
import { Server } from './server.ts'
import { Stranger, strangeRegister } from './stranger.ts'
import { accountOf, config, laterConfig, meterOf, t0 } from './street.ts'
import { SignedThings, Trader } from './trader.ts'
import { Verdict, type Violation } from './verdict.ts'

/** What became of one seed. */
export interface Outcome {
  seed: number
  violations: Violation[]
  /** The newest of what happened, oldest first. */
  history: string[]
  steps: number
  rows: number
  counts: Record<string, number>
}

/** Faults happen for this long; then everything is mended, and the area has the rest to come back. */
const minutes = { troubled: 22, quiet: 9 }
/** One of so many seeds has its journal replayed once more at the end. */
const seedsPerThoroughOne = 8

/** Simulates a street; what is `planted` has to be found. */
export async function simulate(seed: number, planted: PlantedBug | null = null): Promise<Outcome> {
  // A street knows errors by what they say, and thousands of them are thrown: to note where each came from takes long.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return await play(seed, planted)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

async function play(seed: number, planted: PlantedBug | null): Promise<Outcome> {
  const random = randomOf(seed)
  const scheduler = new Scheduler(t0 * 1000, random.fork())
  const verdict = new Verdict(scheduler)
  const signed = new SignedThings()
  const counts: Record<string, number> = {}
  const promises = new PromiseLaws({ verdict, database: () => database })
  const chain = new Chain(scheduler, random.fork(), (reading) => promises.hasSigned(reading))
  const market = new MarketLaws({ verdict, chain })
  const journal = new JournalLaws({
    ...{ scheduler, verdict, madeAtMs: signed.madeAtMs },
    toleranceMs: () => clockToleranceMs + faults.agreedWrongMs + (faults.hasLeaptTogether ? mostJointLeapMs : 0),
  })
  const witness: JournalWitness = {
    committed(rows, by) {
      promises.shown(by)
      for (const row of rows) {
        journal.follow(row)
        market.follow(row.journaled.events, journal.state, database.tables)
        count(counts, row.journaled.events)
      }
    },
    proved: (by) => promises.shown(by),
    lost(rows) {
      promises.lose(rows)
      if (rows.length > 0) journal.restart(database.log)
    },
  }
  const database = new Database(scheduler, random.fork(), { witness, planted })
  const network = new Network(scheduler, random.fork())
  const changesAtMs = (t0 + random.between(0, 2 * minutes.troubled) * 60) * 1000
  const surroundings = {
    ...{ scheduler, random: random.fork(), database, chain, witness: promises, planted },
    config: () => (scheduler.nowMs < changesAtMs ? config : laterConfig),
  }
  const servers = Array.from(
    { length: random.whole(1, 3) },
    (_, index) => new Server(`server-${index + 1}`, surroundings),
  )
  const homes = Array.from({ length: random.whole(3, 6) }, (_, index) => {
    const parts = { scheduler, random: random.fork(), network, servers, witness: promises }
    return new Home({ ...parts, meter: meterOf(index + 1), isRoof: index % 2 === 0 })
  })
  const households: Household[] = homes.map((home, index) => ({
    home,
    accounts: [accountOf(index + 1), accountOf(index + 101)],
  }))
  const stranger = { account: accountOf(999), meter: meterOf(999) }
  settleIn()
  for (const [index, { home, accounts }] of households.entries()) {
    for (const account of accounts) {
      new Trader({
        ...{ scheduler, random: random.fork(), network, servers, account, meter: home.meter, signed },
        ...{ number: index + 1, isRoof: index % 2 === 0 },
        neighbours: () => households.map((each) => ({ account: each.accounts[0]!, meter: each.home.meter })),
      })
    }
  }
  new Stranger({
    ...{ scheduler, random: random.fork(), network, servers, database, signed, ...stranger },
    readings: promises.readings,
    sign: (reading) => promises.note(reading),
    forge(reading) {
      promises.noteForged(reading)
      scheduler.after(random.between(1_000, 60_000), () => people.reportEquivocation(reading.meter))
    },
  })
  const people = new People({ scheduler, random: random.fork(), chain, households, servers })
  const faults = new Faults({
    ...{ scheduler, random: random.fork(), servers, database, chain, network, homes },
    say: (what) => verdict.say(what),
  })
  faults.plan(random.whole(0, 14), (t0 + minutes.troubled * 60) * 1000)
  await scheduler.run((t0 + minutes.troubled * 60) * 1000, () => verdict.isBroken)
  verdict.say('everything is mended')
  faults.mend()
  people.isQuiet = true
  await scheduler.run((t0 + (minutes.troubled + minutes.quiet) * 60) * 1000, () => verdict.isBroken)
  if (!verdict.isBroken)
    checkEnd({
      ...{ verdict, nowMs: scheduler.nowMs, servers, database, chain, homes, journal, promises },
      isThorough: seed % seedsPerThoroughOne === 0,
    })
  const { violations, history } = verdict
  return { seed, violations, history, steps: scheduler.steps, rows: database.log.length, counts }

  /** Opens, confirms and funds a seat for everybody, some time before the server starts. */
  function settleIn(): void {
    for (const { home, accounts } of households) {
      home.begin(t0)
      chain.sendAtOnce(openSeat({ account: accounts[0]!, meter: home.meter, epoch: home.epoch }, randomLimits(random)))
    }
    const epoch = { epoch: 1, time: t0, importWh: strangeRegister(t0), exportWh: 0 }
    chain.sendAtOnce(openSeat({ ...stranger, epoch }, randomLimits(random)))
    chain.mine()
    for (const index of households.keys()) {
      chain.sendAtOnce(confirmMeter(index + 1, randomPlace(random)))
      chain.sendAtOnce(deposit(index + 1, BigInt(random.whole(0, 10_000_000))))
    }
    for (let block = 0; block < chain.confirmations; block += 1) chain.mine()
  }
}

/** Counts what has happened, so that whoever changes the street sees what it still exercises. */
function count(counts: Record<string, number>, events: readonly Event[]): void {
  const note = (name: string) => {
    counts[name] = (counts[name] ?? 0) + 1
  }
  for (const event of events) {
    note(event.type)
    if (event.type === 'reading') note(`reading ${event.status} ${event.code ?? ''}${event.isLate ? 'late' : ''}`)
    if (event.type !== 'interval-cleared') continue
    for (const { outcomes } of event.result.seats) {
      for (const { stage, filledWh } of outcomes) if (filledWh > 0) note(`filled in ${stage}`)
    }
  }
}
