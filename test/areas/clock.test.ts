/** Which time an area believes: no clock alone. */
import { describe, expect, it } from 'vitest'
import { AreaClock } from '../../server/areas/clock.ts'

const noonMs = 1_800_000_000_000
const dayMs = 86_400_000

/** A clock of an area whose other clocks a test sets; true time is noon and what has passed since. */
function clocks({ hasChain = true } = {}) {
  const machine = { passedMs: 0, aheadMs: 0 }
  const clock = new AreaClock(
    { wallMs: () => noonMs + machine.passedMs + machine.aheadMs, monotonicMs: () => machine.passedMs },
    { hasChain },
  )
  return {
    machine,
    clock,
    seeDatabase: (aheadMs = 0) => clock.seeDatabase(noonMs + machine.passedMs + aheadMs, machine.passedMs),
    seeChain: (aheadMs = 0) => clock.seeChain(noonMs + machine.passedMs + aheadMs),
    read: (journaledMs = noonMs - 1_000) => clock.read(journaledMs),
  }
}

/** One that has been believed once. */
function confirmed(options?: { hasChain?: boolean }) {
  const all = clocks(options)
  all.seeDatabase()
  all.seeChain()
  expect(all.read()).toEqual({ nowMs: noonMs })
  return all
}

describe('a clock', () => {
  it('dates nothing before the database has been asked', () => {
    expect(clocks().read()).toMatchObject({ code: 'CLOCK_UNCONFIRMED' })
  })

  it('is believed as long as it runs evenly and agrees with the database', () => {
    const { machine, read } = confirmed()
    machine.passedMs += dayMs
    expect(read()).toEqual({ nowMs: noonMs + dayMs })
    machine.aheadMs = 1_900
    expect(read()).toEqual({ nowMs: noonMs + dayMs + 1_900 })
  })

  it('never goes back behind the journal where it is a little slow', () => {
    const { read } = confirmed()
    expect(read(noonMs + 1_500)).toEqual({ nowMs: noonMs + 1_500 })
  })

  it('that is far behind the journal is wrong', () => {
    expect(confirmed().read(noonMs + 2_001)).toMatchObject({ code: 'CLOCK_BEHIND_JOURNAL' })
  })

  it.each([
    ['ahead', 2_001],
    ['behind', -2_001],
  ])('that is %s of the database by more than two seconds is not believed', (_, aheadMs) => {
    const all = confirmed()
    all.machine.passedMs += 60_000
    all.seeDatabase(-aheadMs)
    expect(all.read()).toMatchObject({ code: 'CLOCK_DATABASE' })
    all.seeDatabase()
    expect(all.read()).toEqual({ nowMs: noonMs + 60_000 })
  })

  it('says by how much it is ahead', () => {
    const all = clocks()
    expect([all.clock.aheadOfDatabaseMs, all.clock.aheadOfChainMs]).toEqual([null, null])
    all.seeDatabase(-300)
    all.seeChain(-12_000)
    expect([all.clock.aheadOfDatabaseMs, all.clock.aheadOfChainMs]).toEqual([300, 12_000])
  })

  it('counts the way to the database and back', () => {
    const all = clocks()
    all.machine.passedMs = 1_000
    // The answer was made half way between question and answer.
    all.clock.seeDatabase(noonMs + 500, 0)
    expect(all.clock.aheadOfDatabaseMs).toBe(0)
  })
})

describe('a leap that the database shares', () => {
  const leap = (aheadMs: number, options?: { hasChain?: boolean }) => {
    const all = confirmed(options)
    all.machine.passedMs += 5_000
    all.machine.aheadMs = aheadMs
    all.seeDatabase(aheadMs)
    return all
  }

  it('is refused where the chain says otherwise, for as long as it does', () => {
    const all = leap(dayMs)
    all.seeChain()
    expect(all.read()).toMatchObject({ code: 'CLOCK_LEAP' })
    all.machine.passedMs += 3_600_000
    all.seeDatabase(dayMs)
    all.seeChain()
    expect(all.read()).toMatchObject({ code: 'CLOCK_LEAP' })
    all.machine.aheadMs = 0
    all.seeDatabase()
    expect(all.read()).toEqual({ nowMs: noonMs + 3_605_000 })
  })

  it('back is refused where the chain is ahead', () => {
    const all = leap(-dayMs)
    all.seeChain()
    expect(all.read(noonMs - 2 * dayMs)).toMatchObject({ code: 'CLOCK_CHAIN_AHEAD' })
  })

  it('is believed where the chain has come along: the machine had slept', () => {
    const all = leap(dayMs)
    all.seeChain(dayMs - 6_000)
    expect(all.read()).toEqual({ nowMs: noonMs + dayMs + 5_000 })
  })

  it('is believed where no chain is followed', () => {
    expect(leap(dayMs, { hasChain: false }).read()).toEqual({ nowMs: noonMs + dayMs + 5_000 })
  })
})

describe('a clock at the start', () => {
  it('needs the database alone where the journal is new or of lately', () => {
    for (const journaledMs of [0, noonMs - 10 * 60_000]) {
      const all = clocks()
      all.seeDatabase()
      expect(all.read(journaledMs)).toEqual({ nowMs: noonMs })
    }
  })

  it('needs the chain after a long silence of the journal', () => {
    const all = clocks()
    all.seeDatabase()
    expect(all.read(noonMs - dayMs)).toMatchObject({ code: 'CLOCK_UNCONFIRMED' })
    all.seeChain(-60 * 60_000)
    expect(all.read(noonMs - dayMs)).toMatchObject({ code: 'CLOCK_LEAP' })
    all.seeChain(-12_000)
    expect(all.read(noonMs - dayMs)).toEqual({ nowMs: noonMs })
  })
})
