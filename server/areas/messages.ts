/**
 * The messages between an area and everything outside it, over a port: the one end serves a runner, the other is the handle
 * that API, live events, agents and services hold. Values cross as structured clones, so nothing is shared.
 */
import type { MessagePort } from 'node:worker_threads'
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { Event } from '../market/area/area.ts'
import type { AreaChanges, AreaHandle, AreaStatus, SeatSummary, Submission } from './area-handle.ts'
import type { SeatChanges } from './changes.ts'
import { AreaError } from './error.ts'
import type { AreaRunner, Counts, Told } from './runner.ts'
import type { AreaSettings } from './settings.ts'

interface Item {
  id: number
  submission: Submission
  loads: number | undefined
}

/** What is said to an area. */
export type AskedOfArea =
  | { type: 'submit'; items: Item[] }
  | { type: 'chain-seen'; timeMs: number }
  | { type: 'chain-told'; timeMs: number }
  | { type: 'stop' }

type Answer = { id: number; events: Event[] } | { id: number; code: AreaError['code']; message: string }

/** What an area says. */
type Said =
  /** Its database does not open yet, and why; it hears nothing before. */
  | { type: 'opening'; reason: string }
  | { type: 'answers'; answers: Answer[] }
  | ({ type: 'changes'; changes: AreaChanges } & SeatChanges)
  | { type: 'seats'; seats: SeatSummary[] }
  | { type: 'status'; status: AreaStatus }
  | { type: 'counted'; counts: Counts }
  | { type: 'stopped' }

/** A port of a worker thread, or one end of a channel. */
export type AreaPort = Pick<MessagePort, 'postMessage' | 'on' | 'close'>

/** Lets a runner's `tell` speak to a port; failures are for the log of whoever starts the runner. */
export function telling(port: AreaPort, log: (what: string, error: unknown) => void): (told: Told) => void {
  return (told) => {
    if (told.type === 'failure') log(told.what, told.error)
    else say(port, told)
  }
}

/** Says that the area's database cannot be opened yet. */
export function tellOpening(port: AreaPort, reason: string): void {
  say(port, { type: 'opening', reason })
}

/** Whether what was said comes from an area that hears what it is asked. */
export function isHearing(said: unknown): boolean {
  return (said as Said).type !== 'opening'
}

function say(port: AreaPort, said: Said): void {
  port.postMessage(said)
}

/** Does something once everything that happens at once has happened: so what belongs together goes in one message. */
export type Soon = (action: () => void) => void

/** Serves a running area's port until it is asked to stop; `running` is what `run` returned. */
export function serveArea(
  port: AreaPort,
  runner: AreaRunner,
  { running, soon = setImmediate }: { running: Promise<void>; soon?: Soon },
): Promise<void> {
  return new Promise((resolve) => {
    let answers: Answer[] = []
    const answer = (one: Answer) => {
      if (answers.length === 0) {
        // Those of one commit go in one message.
        soon(() => {
          say(port, { type: 'answers', answers })
          answers = []
        })
      }
      answers.push(one)
    }
    port.on('message', (asked: AskedOfArea) => {
      if (asked.type === 'chain-seen') runner.seeChain(asked.timeMs)
      else if (asked.type === 'chain-told') runner.chainTold(asked.timeMs)
      else if (asked.type === 'stop') {
        runner.stop(running).finally(() => {
          soon(() => {
            say(port, { type: 'stopped' })
            resolve()
          })
        })
      } else {
        for (const { id, submission, loads } of asked.items) {
          runner.submit(submission, loads).then(
            (events) => answer({ id, events }),
            ({ code, message }: AreaError) => answer({ id, code, message }),
          )
        }
      }
    })
  })
}

export interface ConnectedArea extends AreaHandle {
  /** A node showed a newest block of this time. */
  seeChain(timeMs: number): void
  /** Everything that counts on the chain until this time has been submitted, and has been answered. */
  chainTold(timeMs: number): void
  onCounts(listener: (counts: Counts) => void): void
  /** Finishes what is under way. */
  stop(): Promise<void>
  /** The other end is gone, and another takes its place: everything that waits is refused with `AREA_NOT_READY` until that one speaks. */
  interrupted(reason: string): void
  /** The other end is gone for good: everything that waits is refused. */
  lost(reason: string): void
}

/** The handle of the area at the other end of a port. */
export function connectArea(
  port: AreaPort,
  settings: AreaSettings,
  { soon = setImmediate }: { soon?: Soon } = {},
): ConnectedArea {
  const waiting = new Map<number, { resolve(events: Event[]): void; reject(error: AreaError): void }>()
  const listeners = new Set<(changes: AreaChanges) => void>()
  const counters = new Set<(counts: Counts) => void>()
  const seats = new Map<number, SeatSummary>()
  const ofMeter = new Map<Address, SeatSummary[]>()
  /** How many seats each account has. */
  const ofAccount = new Map<Address, number>()
  let items: Item[] = []
  let ids = 0
  let goneBecause: string | null = null
  let awayBecause: string | null = null
  let status = unknownStatus
  let whenStopped = () => {}
  const stopped = new Promise<void>((resolve) => {
    whenStopped = resolve
  })

  function note(number: number, summary: SeatSummary | null): void {
    const before = seats.get(number)
    if (before !== undefined) {
      const left = ofMeter.get(before.meter)!.filter((each) => each.seat !== number)
      if (left.length === 0) ofMeter.delete(before.meter)
      else ofMeter.set(before.meter, left)
      const count = ofAccount.get(before.account)! - 1
      if (count === 0) ofAccount.delete(before.account)
      else ofAccount.set(before.account, count)
    }
    if (summary === null) {
      seats.delete(number)
      return
    }
    seats.set(number, summary)
    ofAccount.set(summary.account, (ofAccount.get(summary.account) ?? 0) + 1)
    const others = ofMeter.get(summary.meter) ?? []
    ofMeter.set(
      summary.meter,
      [...others, summary].sort((a, b) => a.seat - b.seat),
    )
  }

  port.on('message', (said: Said) => {
    switch (said.type) {
      case 'answers':
        for (const answer of said.answers) {
          const asker = waiting.get(answer.id)
          waiting.delete(answer.id)
          if ('events' in answer) asker?.resolve(answer.events)
          else asker?.reject(new AreaError(answer.code, answer.message))
        }
        break
      case 'seats':
        seats.clear()
        ofMeter.clear()
        ofAccount.clear()
        for (const summary of said.seats) note(summary.seat, summary)
        break
      case 'changes':
        for (const [number, summary] of said.seats) note(number, summary)
        for (const [place, number] of said.newest.seats.entries()) {
          seats.get(number)!.newest = { epoch: said.newest.epochs[place]!, time: said.newest.times[place]! }
        }
        for (const listener of listeners) listener(said.changes)
        break
      case 'opening':
        status = { ...status, condition: { is: 'waiting', code: 'AREA_LOADING', reason: said.reason } }
        break
      case 'status':
        awayBecause = null
        if (goneBecause === null) status = said.status
        break
      case 'counted':
        for (const counter of counters) counter(said.counts)
        break
      case 'stopped':
        whenStopped()
    }
  })

  function refuseAll(code: AreaError['code'], reason: string): void {
    items = []
    for (const { reject } of waiting.values()) reject(new AreaError(code, reason))
    waiting.clear()
  }

  return {
    settings,
    get status() {
      return status
    },
    seatsOfMeter: (meter) => ofMeter.get(meter) ?? [],
    seat: (number) => seats.get(number),
    seats: () => seats.values(),
    hasAccount: (account) => ofAccount.has(account),
    submit(submission, loads) {
      return new Promise((resolve, reject) => {
        if (goneBecause !== null) return reject(new AreaError('AREA_STOPPED', goneBecause))
        if (awayBecause !== null) return reject(new AreaError('AREA_NOT_READY', awayBecause))
        ids += 1
        waiting.set(ids, { resolve, reject })
        if (items.length === 0) {
          // Those of one round of the event loop go in one message.
          soon(() => {
            port.postMessage({ type: 'submit', items } satisfies AskedOfArea)
            items = []
          })
        }
        items.push({ id: ids, submission, loads })
      })
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    seeChain: (timeMs) => port.postMessage({ type: 'chain-seen', timeMs } satisfies AskedOfArea),
    chainTold: (timeMs) => port.postMessage({ type: 'chain-told', timeMs } satisfies AskedOfArea),
    onCounts: (listener) => counters.add(listener),
    async stop() {
      if (goneBecause !== null) return
      port.postMessage({ type: 'stop' } satisfies AskedOfArea)
      await stopped
      this.lost('the server is stopping')
    },
    interrupted(reason) {
      if (goneBecause !== null) return
      awayBecause = reason
      status = { ...status, condition: { is: 'waiting', code: 'AREA_RESTARTS', reason } }
      refuseAll('AREA_NOT_READY', reason)
    },
    lost(reason) {
      // A thread that fails also ends: the first reason says why.
      if (goneBecause !== null) return
      goneBecause = reason
      port.close()
      status = { ...status, condition: { is: 'stopped', code: 'AREA_LOST', reason } }
      refuseAll('AREA_STOPPED', reason)
      whenStopped()
    },
  }
}

const unknownStatus: AreaStatus = {
  condition: { is: 'waiting', code: 'AREA_LOADING', reason: 'the area has not said anything yet' },
  ...{ sequence: 0, hash: '', aheadOfDatabaseMs: null, aheadOfChainMs: null, nowMs: 0, cutUntil: 0, settledUntil: 0 },
  ...{ loads: 0, unsettledFrom: null, oldestOpen: null },
}
