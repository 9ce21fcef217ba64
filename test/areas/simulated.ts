/** Servers of one area on a simulated database: nothing but what a test plans happens, in virtual time. */
import { AreaClock } from '../../server/areas/clock.ts'
import { type ConnectedArea, connectArea, serveArea, telling } from '../../server/areas/messages.ts'
import { AreaRunner } from '../../server/areas/runner.ts'
import type { AreaSettings } from '../../server/areas/settings.ts'
import type { ChainSeat } from '../../server/market/area/area.ts'
import { config, face, following, t0 } from '../market/engine/street.ts'
import { Database } from '../simulation/database.ts'
import { Machine } from '../simulation/machine.ts'
import { portsOf } from '../simulation/port.ts'
import { randomOf } from '../simulation/random.ts'
import { Scheduler } from '../simulation/scheduler.ts'

export interface SimulatedServer {
  machine: Machine
  handle: ConnectedArea
}

export class SimulatedArea {
  readonly scheduler = new Scheduler(t0 * 1000 - 5_000, randomOf(1))
  readonly database = new Database(this.scheduler, randomOf(2), {
    witness: { committed() {}, proved() {}, lost() {} },
  })
  /** What runners said of failures. */
  readonly failures: string[] = []

  start(owner: string): SimulatedServer {
    const machine = new Machine(owner, this.scheduler)
    const [inside, outside] = portsOf(machine)
    const runner = new AreaRunner({
      ...this.database.connect(machine, owner),
      ...{ owner, config, face, waitsForChain: true, longestReplayMs: 300 },
      clock: new AreaClock(machine, { hasChain: true }),
      newSecret: () => Buffer.alloc(32, 5),
      sleep: (ms) => machine.sleep(ms),
      monotonicMs: () => machine.monotonicMs(),
      tell: telling(inside, (what) => this.failures.push(what)),
    })
    const { soon } = this.scheduler
    void serveArea(inside, runner, { running: runner.run(), soon })
    return { machine, handle: connectArea(outside, {} as AreaSettings, { soon }) }
  }

  /** A server that is ready and knows these seats. */
  async ready(owner: string, seats: ChainSeat[]): Promise<SimulatedServer> {
    const server = this.start(owner)
    await this.until(() => server.handle.status.loads > 0)
    await this.tellChain(server, seats)
    await this.until(() => server.handle.status.condition.is === 'ready')
    return server
  }

  /** The chain is as new as can be, and shows these seats. */
  async tellChain({ handle }: SimulatedServer, seats: ChainSeat[] = []): Promise<void> {
    handle.seeChain(this.scheduler.nowMs)
    const { atMs: _, ...submission } = following(0, seats)
    await this.outcome(handle.submit({ ...submission, time: Math.floor(this.scheduler.nowMs / 1000) }))
  }

  async pass(ms: number): Promise<void> {
    await this.scheduler.run(this.scheduler.nowMs + ms, () => false)
  }

  /** Lets time pass until something is so; throws where it never is. */
  async until(isSo: () => boolean): Promise<void> {
    // Time passes also where nothing else is planned.
    for (const ms of [1, 100, 120_000]) this.scheduler.after(ms, () => {})
    await this.scheduler.run(this.scheduler.nowMs + 120_000, isSo)
    if (!isSo()) throw new Error('what was waited for has not come in two minutes')
  }

  /** What a promise comes to. */
  async outcome<Result>(promise: Promise<Result>): Promise<Result> {
    let isSettled = false
    const settle = () => {
      isSettled = true
    }
    promise.then(settle, settle)
    await this.until(() => isSettled)
    return promise
  }
}
