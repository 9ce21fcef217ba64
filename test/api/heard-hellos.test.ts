/** Announcements of meters: each is good once for as long as its time counts, and what is remembered stays bounded. */
import { expect, test } from 'vitest'
import type { EscrowDomain } from '../../contracts/protocol/typed-data.ts'
import { HeardHellos, helloToleranceMs } from '../../server/api/heard-hellos.ts'

const escrow: EscrowDomain = { chainId: 1, escrow: `0x${'1'.repeat(40)}` }
const meter = `0x${'2'.repeat(40)}` as const
const nowMs = 1_800_000_000_000
const time = (ms: number) => Math.floor(ms / 1000)

test('one of a clock that is ahead is good once until its time has passed', () => {
  const heard = new HeardHellos()
  const ahead = { meter, time: time(nowMs + helloToleranceMs) }
  expect(heard.isFirst(escrow, ahead, nowMs)).toBe(true)
  // As long as the server takes its time for one of now.
  for (const laterMs of [0, helloToleranceMs, helloToleranceMs + 1, 2 * helloToleranceMs]) {
    expect(heard.isFirst(escrow, ahead, nowMs + laterMs)).toBe(false)
  }
})

test('another meter, second, escrow or chain is another announcement', () => {
  const heard = new HeardHellos()
  const one = { meter, time: time(nowMs) }
  const others = [
    heard.isFirst(escrow, one, nowMs),
    heard.isFirst(escrow, { ...one, time: one.time + 1 }, nowMs),
    heard.isFirst(escrow, { ...one, meter: `0x${'3'.repeat(40)}` }, nowMs),
    heard.isFirst({ ...escrow, chainId: 2 }, one, nowMs),
    heard.isFirst({ ...escrow, escrow: `0x${'4'.repeat(40)}` }, one, nowMs),
  ]
  expect(others).toEqual([true, true, true, true, true])
})
