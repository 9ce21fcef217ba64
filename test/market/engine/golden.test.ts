/**
 * The golden journals of each version of the rules: what a program of that version made of eventful streets, kept for ever. A
 * frozen version computes the same from them or this test fails.
 *
 * `RENEW_GOLDEN=1 npx vitest run test/market/engine/golden.test.ts` writes those of the version at hand anew. That is allowed only
 * before the version is released: afterwards journals exist that were written by it, and what has to change is a new version.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Event } from '../../../server/market/area/area.ts'
import { decode, encode, hex32, hexBytes, list, struct, uint } from '../../../server/market/area/binary.ts'
import { outcomeCodes } from '../../../server/market/area/codes.ts'
import { emptyState, rulesVersion } from '../../../server/market/area/state.ts'
import { apply } from '../../../server/market/engine/engine.ts'
import { decodeCommand, encodeEvents, genesisHash, rollHash } from '../../../server/market/engine/journal.ts'
import { hashState } from '../../../server/market/engine/snapshot.ts'
import { streets } from './random-steps.ts'
import { RandomStreet } from './random-streets.ts'

/** Versions of which journals exist outside this repository. */
const released: readonly number[] = []

/** Every so many commands the rolling hash is kept. */
const hashedEvery = 100

const goldenStreet = struct({
  commands: list(hexBytes),
  /** After every hundredth command. */
  hashes: list(hex32),
  lastHash: hex32,
  lastState: hex32,
})
const golden = struct({ version: uint, streets: list(goldenStreet) })

const fileOf = (version: number) => join(import.meta.dirname, `golden-${version}.bin.gz`)
const hexOf = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`

/** Some random streets from their first command, each going on from an old backup halfway. */
function record(): void {
  if (released.includes(rulesVersion)) {
    throw new Error(`version ${rulesVersion} of the rules is released: what changes what it computes is a new version`)
  }
  const played = fc.sample(streets, { seed: 5, numRuns: 30 }).map(({ steps, funds }) => {
    const street = new RandomStreet(funds, () => {})
    const half = Math.floor(steps.length / 2)
    street.play(steps.slice(0, half))
    street.takeUpBackup(1)
    street.play(steps.slice(half).filter(({ kind }) => kind !== 'restore'))
    const { journal, hashes, state } = street
    const kept = hashes.filter((_, index) => index % hashedEvery === hashedEvery - 1)
    return {
      ...{ commands: journal.map(hexOf), hashes: kept.map((hash) => `0x${hash}`) },
      ...{ lastHash: `0x${hashes.at(-1)}`, lastState: `0x${hashState(state)}` },
    }
  })
  const bytes = encode(golden, { version: rulesVersion, streets: played })
  writeFileSync(fileOf(rulesVersion), gzipSync(bytes, { level: 9 }))
}

function read(version: number) {
  return decode(golden, gunzipSync(readFileSync(fileOf(version))))
}

if (process.env.RENEW_GOLDEN !== undefined) record()

describe(`version ${rulesVersion} of the rules`, () => {
  const { version, streets: recorded } = read(rulesVersion)
  const types = new Map<string, number>()
  const note = (type: string) => types.set(type, (types.get(type) ?? 0) + 1)

  it('makes of its golden journals what it has always made', () => {
    expect(version).toBe(rulesVersion)
    for (const [number, { commands, hashes, lastHash, lastState }] of recorded.entries()) {
      const state = emptyState()
      const found: string[] = []
      let hash = genesisHash
      for (const [index, bytes] of commands.entries()) {
        const command = Buffer.from(bytes.slice(2), 'hex')
        const events = apply(state, decodeCommand(command))
        hash = rollHash(hash, command, encodeEvents(events))
        if (index % hashedEvery === hashedEvery - 1) found.push(hexOf(hash))
        note(decodeCommand(command).type)
        for (const event of events) for (const type of kindsOf(event)) note(type)
      }
      const place = found.findIndex((own, index) => own !== hashes[index])
      expect(place, `street ${number}, the first hundred commands that differ`).toBe(-1)
      expect(hexOf(hash), `street ${number}`).toBe(lastHash)
      expect(`0x${hashState(state)}`, `street ${number}`).toBe(lastState)
    }
  })

  it('meets in them every kind of command and event, and nearly every outcome', () => {
    const commandTypes = [
      ...['configure', 'chain', 'order', 'cancel', 'agreements', 'end-agreement', 'revoke-session', 'readings'],
      ...['late-readings', 'leave-out', 'tick', 'budget'],
    ]
    const eventTypes = [
      ...['configured', 'chain-followed', 'seat-changed', 'seat-forgotten', 'order-accepted', 'order-ended'],
      ...['forward-accepted', 'forward-trade', 'forward-cancelled', 'agreement-accepted', 'agreement-ended'],
      ...['session-revoked', 'reading', 'meter-suspended', 'suspension-lifted', 'interval-started', 'interval-cleared'],
      ...['interval-amended', 'interval-reduced', 'interval-final', 'interval-corrected'],
      ...['batch-cut', 'leaving-out', 'batch-missed', 'budget-set'],
    ]
    expect([...commandTypes, ...eventTypes].filter((type) => !types.has(type))).toEqual([])
    const ofMarkets = outcomeCodes.slice(0, outcomeCodes.indexOf('allocated'))
    const outcomes = ofMarkets.filter((code) => types.has(`outcome ${code}`))
    expect(outcomes.length).toBeGreaterThan(ofMarkets.length - 6)
    expect(types.has('outcome budget-reached')).toBe(true)
  })
})

function kindsOf(event: Event): string[] {
  if (event.type === 'interval-reduced') {
    return [event.type, ...event.changes.flatMap(({ fills }) => fills.map(({ code }) => `outcome ${code}`))]
  }
  if (event.type !== 'interval-cleared') return [event.type]
  return [event.type, ...event.result.seats.flatMap(({ outcomes }) => outcomes.map(({ code }) => `outcome ${code}`))]
}
