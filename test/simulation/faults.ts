/** Everything that goes wrong, one thing after the other or together, and how it is mended. */
import type { Chain } from './chain.ts'
import { type Database, noTroubles, type Troubles } from './database.ts'
import type { Home } from './home.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Server } from './server.ts'
import { batchSeconds } from './street.ts'

export interface FaultParts {
  scheduler: Scheduler
  random: Random
  servers: readonly Server[]
  /** One for each area. */
  databases: readonly Database[]
  chain: Chain
  network: Network
  homes: readonly Home[]
  /** Hears what happens, for whoever reads about a failure. */
  say(what: string): void
  /** Counts what has been played. */
  played(what: Played): void
}

/** What every street is meant to live through: a test makes sure that some do. */
export const playedByFaults = [
  'a server is killed in the middle of a command',
  'a server is stopped in order',
  'a machine stands still',
  'a database loses its newest rows',
  'an area is restored from a backup',
  'an area begins anew in an empty database',
  'a clock leaps by more than a minute',
  'a database’s clock leaps by more than a minute',
  'all clocks leap together',
  'a home comes back after its batches are forgotten',
] as const
type Played = (typeof playedByFaults)[number]

/** Batches that an area remembers of those that are settled, with the one that is open and some time to settle. */
const forgottenMs = 4 * batchSeconds * 1000
const longLeapMs = 60_000
/** Whoever kills a server waits so long for a command that it could be killed in. */
const strikeWithinMs = 5_000

/** A clock that agrees with the database's is at most this wrong while that one is right. */
export const clockToleranceMs = 3_000
/** Clocks that are wrong by at most this much together may be believed: the chain alone cannot tell. */
export const mostJointLeapMs = 120_000

export class Faults {
  /** Servers are started by whoever stops them, unless everything is being mended. */
  private isOver = false
  /** The database's clock and those of the servers were wrong together. */
  hasLeaptTogether = false
  /** And still are. */
  private isLeaptTogether = false
  /** Clocks that leapt one by one were wrong in the same way by as much, and so vouched for each other. */
  agreedWrongMs = 0
  private readonly parts: FaultParts

  constructor(parts: FaultParts) {
    this.parts = parts
  }

  /** Lets `count` faults happen before `untilMs`. */
  plan(count: number, untilMs: number): void {
    const { scheduler, random } = this.parts
    for (let index = 0; index < count; index += 1) {
      scheduler.after(random.between(20_000, untilMs - scheduler.nowMs), () => this.happen())
    }
  }

  /** Mends everything: from here on all is well. */
  mend(): void {
    const { servers, databases, chain, network, homes } = this.parts
    this.isOver = true
    for (const database of databases) {
      database.troubles = noTroubles
      database.stalledUntilMs = 0
      database.downUntilMs = 0
      database.offsetMs = 0
    }
    chain.stoppedUntilMs = 0
    chain.unheardUntilMs = 0
    chain.unsettledUntilMs = 0
    network.loss = 0
    network.repetition = 0
    for (const home of homes) home.offlineUntilMs = 0
    for (const server of servers) {
      server.machine.offsetMs = 0
      if (!server.machine.isRunning) {
        server.kill()
        server.start()
      }
    }
  }

  private happen(): void {
    const { random } = this.parts
    const kinds = [
      ...[this.pause, this.pause, this.kill, this.kill, this.restart, this.stall, this.troubles, this.troubles],
      ...[this.failOver, this.restore, this.leap, this.leapOfDatabase, this.leapTogether],
      ...[
        this.chainStops,
        this.chainIsUnheard,
        this.chainIsUnheard,
        this.nothingIsSettled,
        this.chainIsToldAnew,
        this.offline,
        this.offline,
        this.badNetwork,
      ],
    ]
    random.pick(kinds).call(this)
  }

  private pause(): void {
    const { random, servers, say } = this.parts
    const { machine } = random.pick(servers)
    const ms = random.chance(0.5) ? random.between(500, 8_000) : random.between(8_000, 180_000)
    const sleeps = random.chance(0.3)
    say(`${machine.name} is ${sleeps ? 'asleep' : 'stopped'} for ${ms.toFixed(0)} ms`)
    machine.pause(ms, { sleeps })
    this.parts.played('a machine stands still')
  }

  private kill(): void {
    this.strike(this.parts.random.pick(this.parts.servers), strikeWithinMs)
  }

  /** In the middle of a command, where one comes in time. */
  private strike(server: Server, leftMs: number): void {
    const { random, scheduler, say } = this.parts
    if (this.isOver || server.machine.isDead) return
    if (!server.isAsked && leftMs > 0) {
      scheduler.after(1, () => this.strike(server, leftMs - 1))
      return
    }
    say(`${server.machine.name} is killed`)
    if (server.isAsked) this.parts.played('a server is killed in the middle of a command')
    server.kill()
    scheduler.after(random.between(200, 60_000), () => this.startAgain(server))
  }

  private restart(): void {
    const { random, scheduler, servers, say } = this.parts
    const server = random.pick(servers)
    if (!server.machine.isRunning) return
    say(`${server.machine.name} is stopped in order`)
    this.parts.played('a server is stopped in order')
    void server.stop().then(() => {
      // One that was still stopping when everything was mended is started by nobody else.
      if (this.isOver) server.start()
      else scheduler.after(random.between(200, 10_000), () => this.startAgain(server))
    })
  }

  private startAgain(server: Server): void {
    if (this.isOver || !server.machine.isDead) return
    this.parts.say(`${server.start().name} is started`)
  }

  private stall(): void {
    const { random, scheduler, databases, say } = this.parts
    const database = random.pick(databases)
    const ms = random.between(500, 20_000)
    say(`the database answers nothing for ${ms.toFixed(0)} ms`)
    database.stalledUntilMs = scheduler.nowMs + ms
  }

  private troubles(): void {
    const { random, scheduler, databases, say } = this.parts
    const database = random.pick(databases)
    const chance = () => (random.chance(0.5) ? random.between(0, 0.2) : 0)
    const troubles: Troubles = {
      ...{ lostBefore: chance(), lostAfter: chance(), lostAndLate: chance(), refused: chance() },
      // For an area the same as what is refused for other reasons.
      full: 0,
    }
    say(`statements go astray: ${JSON.stringify(troubles)}`)
    database.troubles = troubles
    scheduler.after(random.between(2_000, 40_000), () => {
      if (database.troubles === troubles) database.troubles = noTroubles
    })
  }

  /** Another copy takes over that has not heard of the last rows. */
  private failOver(): void {
    const { random, databases, say } = this.parts
    const database = random.pick(databases)
    const rows = random.chance(0.3) ? 0 : random.whole(1, 12)
    say(`the database fails over and loses ${rows} rows`)
    if (rows > 0) this.parts.played('a database loses its newest rows')
    database.failOver(rows, { downMs: random.between(0, 5_000) })
  }

  /** The disk is gone: servers and database come back from a backup of some minutes ago, or from none. */
  private restore(): void {
    const { random, scheduler, servers, databases, say } = this.parts
    if (!random.chance(0.4)) return
    const database = random.pick(databases)
    const isEmptied = random.chance(0.2)
    const rows = isEmptied ? database.log.length : Math.min(database.log.length, random.whole(20, 400))
    say(
      isEmptied
        ? 'an area begins anew in an empty database'
        : `an area is restored from a backup that lacks ${rows} rows`,
    )
    this.parts.played(isEmptied ? 'an area begins anew in an empty database' : 'an area is restored from a backup')
    for (const server of servers) server.kill()
    database.failOver(rows, { downMs: 1_000 })
    for (const server of servers) scheduler.after(random.between(1_000, 20_000), () => this.startAgain(server))
  }

  private leap(): void {
    const { random, scheduler, servers, say } = this.parts
    const { machine } = random.pick(servers)
    const ms = anyLeapMs(random)
    say(`the clock of ${machine.name} leaps by ${ms} ms`)
    machine.offsetMs += ms
    if (Math.abs(ms) > longLeapMs) this.parts.played('a clock leaps by more than a minute')
    this.noteAgreement()
    scheduler.after(random.between(2_000, 120_000), () => (machine.offsetMs = random.between(-800, 800)))
  }

  private leapOfDatabase(): void {
    const { random, scheduler, databases, say } = this.parts
    const database = random.pick(databases)
    const ms = anyLeapMs(random)
    say(`the database's clock leaps by ${ms} ms`)
    database.offsetMs += ms
    if (Math.abs(ms) > longLeapMs) this.parts.played('a database’s clock leaps by more than a minute')
    this.noteAgreement()
    scheduler.after(random.between(2_000, 60_000), () => (database.offsetMs = random.between(-800, 800)))
  }

  private noteAgreement(): void {
    const { databases, servers } = this.parts
    const pairs = databases.flatMap((database) => servers.map(({ machine }) => [database.offsetMs, machine.offsetMs]))
    for (const [theirs, own] of pairs as [number, number][]) {
      if (Math.sign(theirs) !== Math.sign(own) || Math.abs(theirs - own) > clockToleranceMs) continue
      this.agreedWrongMs = Math.max(this.agreedWrongMs, Math.min(Math.abs(theirs), Math.abs(own)))
    }
  }

  /** All clocks follow one that is wrong. */
  private leapTogether(): void {
    const { random, scheduler, databases, servers, say } = this.parts
    const far = random.between(20 * 60_000, 20 * 86_400_000) * random.pick([1, -1])
    const ms = random.chance(0.6) ? far : random.between(-mostJointLeapMs, mostJointLeapMs)
    // Two at once would add up to more than what one may be.
    if (this.isLeaptTogether) return
    say(`all clocks leap by ${ms.toFixed(0)} ms`)
    this.parts.played('all clocks leap together')
    this.hasLeaptTogether = true
    this.isLeaptTogether = true
    for (const database of databases) database.offsetMs += ms
    for (const { machine } of servers) machine.offsetMs += ms
    scheduler.after(random.between(2_000, 60_000), () => {
      for (const database of databases) database.offsetMs = random.between(-800, 800)
      for (const { machine } of servers) machine.offsetMs = random.between(-800, 800)
      this.isLeaptTogether = false
    })
  }

  private chainStops(): void {
    const { random, scheduler, chain, say } = this.parts
    const ms = random.between(20_000, 10 * 60_000)
    say(`the chain stands still for ${ms.toFixed(0)} ms`)
    chain.stoppedUntilMs = scheduler.nowMs + ms
  }

  /** The way to the node is cut: what people arrange meanwhile is heard of late. */
  private chainIsUnheard(): void {
    const { random, scheduler, chain, say } = this.parts
    const ms = random.between(60_000, 8 * 60_000)
    say(`no server hears of the chain for ${ms.toFixed(0)} ms`)
    chain.unheardUntilMs = scheduler.nowMs + ms
  }

  private nothingIsSettled(): void {
    const { random, scheduler, chain, say } = this.parts
    const ms = random.between(60_000, 11 * 60_000)
    say(`no batch is sent for ${ms.toFixed(0)} ms`)
    chain.unsettledUntilMs = scheduler.nowMs + ms
  }

  private chainIsToldAnew(): void {
    const { random, servers, say } = this.parts
    const { served, name } = random.pick(servers)
    say(`${name} tells its areas once more what the chain says`)
    for (const { follower } of served) follower.forgets = true
  }

  private offline(): void {
    const { random, scheduler, homes, say } = this.parts
    const some = random.chance(0.2) ? homes : [random.pick(homes)]
    const ms = random.chance(0.5) ? random.between(10_000, 120_000) : random.between(120_000, 25 * 60_000)
    say(`${some.length} homes are offline for ${ms.toFixed(0)} ms`)
    if (ms > forgottenMs) this.parts.played('a home comes back after its batches are forgotten')
    for (const home of some) home.offlineUntilMs = scheduler.nowMs + ms
  }

  private badNetwork(): void {
    const { random, scheduler, network, say } = this.parts
    say('the network loses and repeats messages')
    network.loss = random.between(0, 0.4)
    network.repetition = random.between(0, 0.3)
    scheduler.after(random.between(5_000, 90_000), () => {
      network.loss = 0
      network.repetition = 0
    })
  }
}

/** From what a lazy time server leaves to what a broken one does. */
function anyLeapMs(random: Random): number {
  const size = random.pick([3_000, 60_000, 3_600_000, 86_400_000 * 300])
  return Math.round(random.between(size / 10, size)) * random.pick([1, -1])
}
