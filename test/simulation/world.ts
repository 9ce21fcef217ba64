/** One or two simulated areas from a seed: who is in them, how long they live, and what is made of it at the end. */
import type { Event } from '../../server/market/area/area.ts'
import { BudgetLaws } from './budget-laws.ts'
import { Chain, confirmMeter, deposit, type HeldSeat, openSeat, seatsOf } from './chain.ts'
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
import { SignedReadings } from './signed-readings.ts'
import { Stranger, strangeRegister } from './stranger.ts'
import { accountOf, changed, configOf, meterOf, t0 } from './street.ts'
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

/** Faults happen for this long, by the number of areas; then everything is mended, and the areas have the rest to come back. */
const minutes = { troubled: [20, 14], quiet: 9 }
/** One of so many seeds has its journal replayed once more at the end. */
const seedsPerThoroughOne = 8

/** Simulates one or two areas; what is `planted` has to be found. */
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
  const signedReadings = new SignedReadings(verdict)
  const numberOfAreas = random.whole(1, 2)
  const chain = new Chain(scheduler, random.fork(), {
    areas: numberOfAreas,
    isSigned: (registers) => signedReadings.has(registers),
  })
  const troubledMs = minutes.troubled[numberOfAreas - 1]! * 60_000
  const areas = Array.from({ length: numberOfAreas }, (_, index) => layOut(index + 1))
  const network = new Network(scheduler, random.fork())
  const surroundings = { scheduler, random: random.fork(), chain, areas, planted }
  const servers = Array.from(
    { length: random.whole(1, 3) },
    (_, index) => new Server(`server-${index + 1}`, surroundings),
  )
  const homes = Array.from({ length: random.whole(3, 6) }, (_, index) => {
    const parts = { scheduler, random: random.fork(), network, servers, witness: signedReadings }
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
        ...{ number: index + 1, isRoof: index % 2 === 0, areas: numberOfAreas },
        areaOf: (meter) => seatsOf(chain.head, meter).at(-1)!.area,
        neighbours: () => households.map((each) => ({ account: each.accounts[0]!, meter: each.home.meter })),
      })
    }
  }
  new Stranger({
    ...{ scheduler, random: random.fork(), network, servers, signed, ...stranger },
    database: areas[0]!.database,
    readings: signedReadings.all,
    keysOf: (meter) => seatsOf(chain.head, meter).at(-1)!.record.keys,
    sign: (reading) => signedReadings.note(reading),
    forge(reading) {
      signedReadings.noteForged(reading)
      scheduler.after(random.between(1_000, 60_000), () => people.reportEquivocation(reading.meter))
    },
  })
  const played = (what: string) => note(counts, what)
  const people = new People({
    ...{ scheduler, random: random.fork(), chain, households, servers, areas: numberOfAreas, played },
  })
  const faults = new Faults({
    ...{ scheduler, random: random.fork(), servers, chain, network, homes },
    databases: areas.map(({ database }) => database),
    say: (what) => verdict.say(what),
    played,
  })
  faults.plan(random.whole(0, 14), t0 * 1000 + troubledMs)
  await scheduler.run(t0 * 1000 + troubledMs, () => verdict.isBroken)
  verdict.say('everything is mended')
  faults.mend()
  people.isQuiet = true
  await scheduler.run(t0 * 1000 + troubledMs + minutes.quiet * 60_000, () => verdict.isBroken)
  if (!verdict.isBroken)
    checkEnd({
      ...{ verdict, nowMs: scheduler.nowMs, servers, areas, chain, homes, signed: signedReadings },
      isThorough: seed % seedsPerThoroughOne === 0,
    })
  const { violations, history } = verdict
  const rows = areas.reduce((sum, { database }) => sum + database.log.length, 0)
  return { seed, violations, history, steps: scheduler.steps, rows, counts }

  /** An area with its database, and the laws that are checked at every row of its journal. */
  function layOut(number: number) {
    const promises = new PromiseLaws({ verdict, database: () => database })
    const market = new MarketLaws({ verdict, area: number, chain })
    const budgets = new BudgetLaws(verdict)
    const journal = new JournalLaws({
      ...{ scheduler, verdict, madeAtMs: signed.madeAtMs },
      toleranceMs: () => clockToleranceMs + faults.agreedWrongMs + (faults.hasLeaptTogether ? mostJointLeapMs : 0),
    })
    const witness: JournalWitness = {
      committed(logged, by) {
        promises.shown(by)
        for (const row of logged) {
          journal.follow(row)
          market.follow(row.journaled.events, journal.state, database.tables)
          budgets.follow(row.journaled.events)
          count(counts, row.journaled.events)
        }
      },
      proved: (by) => promises.shown(by),
      lost(logged) {
        promises.lose(logged)
        if (logged.length === 0) return
        journal.restart(database.log)
        budgets.restart(database.log)
      },
    }
    const database = new Database(scheduler, random.fork(), { witness, planted })
    const before = configOf(number)
    const changesAtMs = t0 * 1000 + random.between(0, 2 * troubledMs)
    const config = () => (scheduler.nowMs < changesAtMs ? before : changed(before))
    return { number, database, journal, witness: promises, config }
  }

  /** Opens, confirms and funds a seat for everybody, some time before the server starts. */
  function settleIn(): void {
    for (const { home, accounts } of households) {
      home.begin(t0)
      const area = random.whole(1, numberOfAreas)
      const opened = { area, account: accounts[0]!, meter: home.meter, epoch: home.epoch }
      chain.sendAtOnce(openSeat(opened, randomLimits(random)))
    }
    const epoch = { epoch: 1, time: t0, importWh: strangeRegister(t0), exportWh: 0 }
    chain.sendAtOnce(openSeat({ area: 1, ...stranger, epoch }, randomLimits(random)))
    chain.mine()
    for (const { home } of households) {
      const [held] = seatsOf(chain.head, home.meter) as [HeldSeat]
      chain.sendAtOnce(confirmMeter(held, randomPlace(random)))
      chain.sendAtOnce(deposit(held, BigInt(random.whole(0, 10_000_000))))
    }
    for (let block = 0; block < chain.confirmations; block += 1) chain.mine()
  }
}

/** Counts what has happened, so that whoever changes the street sees what it still exercises. */
function count(counts: Record<string, number>, events: readonly Event[]): void {
  for (const event of events) {
    note(counts, event.type)
    if (event.type === 'reading') {
      note(counts, `reading ${event.status} ${event.code ?? ''}${event.isLate ? 'late' : ''}`)
    }
    if (event.type !== 'interval-cleared') continue
    for (const _ of event.result.budgets) note(counts, 'bound by a budget')
    for (const { outcomes } of event.result.seats) {
      for (const { stage, filledWh } of outcomes) if (filledWh > 0) note(counts, `filled in ${stage}`)
    }
  }
}

function note(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}
