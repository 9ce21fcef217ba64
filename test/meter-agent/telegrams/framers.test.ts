/** What is found in streams of telegrams: whole ones exactly, damaged ones never. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concludeTelegram } from '../../../meter-agent/telegrams/conclude.ts'
import type { FoundTelegram, Framer, MeterTelegram } from '../../../meter-agent/telegrams/meter-telegram.ts'
import { P1Framer } from '../../../meter-agent/telegrams/p1.ts'
import { SmlFramer } from '../../../meter-agent/telegrams/sml.ts'
import { entry, integer, type MeterValues, octets, p1Text, signedP1, smlFrame, smlOf } from './telegrams.ts'

const values: MeterValues = { importWh: 1_234_567, exportWh: 7_654_321, powerW: -1250 }

const telegramsOf = (found: FoundTelegram[]): MeterTelegram[] =>
  found.flatMap((one) => (one.kind === 'telegram' ? [one.telegram] : []))
const reasonsOf = (found: FoundTelegram[]): string[] =>
  found.flatMap((one) => (one.kind === 'damage' ? [one.reason] : []))
const readingOf = (telegram: MeterTelegram) => concludeTelegram(telegram).reading

const languages: [string, () => Framer, (of: MeterValues) => Buffer][] = [
  ['P1', () => new P1Framer(), (of) => signedP1(p1Text(of))],
  ['SML', () => new SmlFramer(), (of) => smlOf(of)],
]

describe.each(languages)('%s', (_name, framer, send) => {
  const some = fc.record({
    importWh: fc.integer({ min: 1, max: 99_999_999 }),
    exportWh: fc.integer({ min: 1, max: 99_999_999 }),
    powerW: fc.integer({ min: -40_000, max: 40_000 }),
  })

  it('gives what was sent, to the watt-hour, however the stream is cut and wherever it begins', () => {
    fc.assert(
      fc.property(
        some,
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
        fc.nat(150),
        (of, cuts, skipped) => {
          const stream = Buffer.concat([send(values), send(of), send(values)]).subarray(skipped)
          const finder = framer()
          const found: FoundTelegram[] = []
          for (let at = 0, turn = 0; at < stream.length; turn += 1) {
            const size = cuts[turn % cuts.length]!
            found.push(...finder.take(stream.subarray(at, at + size)))
            at += size
          }
          const readings = telegramsOf(found).map(readingOf)
          expect(readings.slice(-2)).toMatchObject([
            { importWh: of.importWh, exportWh: of.exportWh, powerW: of.powerW },
            values,
          ])
        },
      ),
    )
  })

  it('gives no value from a telegram with a changed or lost byte', () => {
    const sent = send(values)
    fc.assert(
      fc.property(fc.nat(sent.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, flip, isLost) => {
        const damaged = isLost
          ? Buffer.concat([sent.subarray(0, at), sent.subarray(at + 1)])
          : Buffer.from(sent.map((byte, index) => (index === at ? byte ^ flip : byte)))
        const found = framer().take(Buffer.concat([damaged, send(values), send(values)]))
        for (const telegram of telegramsOf(found)) {
          if (telegram.isChecked) expect(readingOf(telegram)).toMatchObject(values)
        }
        expect(telegramsOf(found).filter(({ isChecked }) => isChecked).length).toBeGreaterThanOrEqual(1)
      }),
      { numRuns: 400 },
    )
  })

  it('says where each telegram began', () => {
    const sent = send(values)
    const found = framer().take(Buffer.concat([Buffer.from('noise'), sent, sent]))
    expect(found).toMatchObject([{ first: 5 }, { first: 5 + sent.length }])
  })
})

describe('a P1 port', () => {
  const [telegram] = telegramsOf(new P1Framer().take(signedP1(p1Text(values))))

  it('says who the meter is and what its clock shows', () => {
    expect(telegram).toMatchObject({
      identity: { manufacturer: 'XMX', model: 'LGF0000000000001', serialNumber: 'E0099000000000001' },
      standard: 'DSMR 5.0',
      meterSeconds: Date.UTC(2026, 10, 28, 11) / 1000,
      isChecked: true,
    })
  })

  it('adds tariffs exactly and prefers a total', () => {
    expect(readingOf(telegram!)).toMatchObject(values)
    const text = p1Text(values).replace('1-0:1.7.0', '1-0:1.8.0(000000100.001*kWh)\r\n1-0:1.7.0')
    const [withTotal] = telegramsOf(new P1Framer().take(signedP1(text)))
    expect(readingOf(withTotal!).importWh).toBe(100_001)
  })

  it('whose gateway leaves out carriage returns is understood', () => {
    const bare = Buffer.from(signedP1(p1Text(values)).toString('latin1').replaceAll('\r', ''), 'latin1')
    expect(telegramsOf(new P1Framer().take(bare)).map(readingOf)).toMatchObject([values])
  })

  it('without a checksum is read only where every line is one', () => {
    const plain = `${p1Text(values)}!\r\n`
    expect(telegramsOf(new P1Framer().take(Buffer.from(plain)))).toMatchObject([{ isChecked: false }])
    const damaged = plain.replace('1-0:1.7.0(', '1-0:1.7.0')
    expect(reasonsOf(new P1Framer().take(Buffer.from(damaged)))).toEqual([expect.stringContaining('damaged line')])
  })

  it('that does not count what is fed in can buy, and says so', () => {
    const text = p1Text(values)
      .split('\r\n')
      .filter((line) => !line.startsWith('1-0:2.'))
      .join('\r\n')
    const [meter] = telegramsOf(new P1Framer().take(signedP1(text)))
    const concluded = concludeTelegram(meter!)
    expect(concluded.reading).toMatchObject({ importWh: values.importWh, exportWh: null })
    expect(concluded.warnings).toContainEqual(expect.stringContaining('it can buy, not sell'))
  })

  it('never ends in a buffer without end', () => {
    const framer = new P1Framer()
    const found = Array.from({ length: 40 }, () => framer.take(Buffer.alloc(1024, '/x'))).flat()
    expect(framer.pending).toBeLessThanOrEqual(17 * 1024)
    expect(reasonsOf(found)).toContain('a telegram does not end')
  })
})

describe('an SML meter', () => {
  const read = (...entries: Buffer[]) => telegramsOf(new SmlFramer().take(smlFrame(entries)))[0]!
  const counted = entry([1, 8, 0], 30, -1, integer(12_345_678, 8, false))

  it('says who it is as it is printed on it', () => {
    expect(read(counted).identity).toMatchObject({ manufacturer: 'MKY', serialNumber: '1MKY00124390716' })
  })

  it('has numbers of every width and sign', () => {
    for (const [power, bytes] of [
      [-1, 1],
      [-300, 2],
      [-70_000, 4],
      [1250, 5],
      [-1250, 8],
    ] as const) {
      expect(readingOf(read(counted, entry([16, 7, 0], 27, 0, integer(power, bytes))))).toMatchObject({ powerW: power })
    }
    expect(readingOf(read(counted, entry([16, 7, 0], 27, -2, integer(-12_345, 4))))).toMatchObject({ powerW: -123.45 })
  })

  it('that shows whole kilowatt-hours only says what to do about it', () => {
    const meter = concludeTelegram(read(entry([1, 8, 0], 30, -1, integer(12_340_000, 8, false))))
    expect(meter.warnings).toContainEqual(expect.stringContaining('PIN'))
    expect(meter.counters.import!.resolutionMilliWh).toBe(1_000_000n)
  })

  it('with bytes of the escape sequence in its data is read', () => {
    const telegram = read(entry([1, 8, 0], 30, -1, integer(0x1b1b1b1b1bn, 8, false)), counted)
    expect(telegram.values.get('1.8.0')!.raw).toBe(0x1b1b1b1b1bn)
  })

  it('of a maker whose powers lose their sign gives no power where that may be', () => {
    const id = Buffer.from('0a01445a470002d2f0aa', 'hex')
    const power = (value: Buffer) => {
      const frame = smlFrame([counted, entry([16, 7, 0], 27, -2, value)], { id })
      return concludeTelegram(telegramsOf(new SmlFramer().take(frame))[0]!)
    }
    expect(power(integer(-12_345, 2)).reading.powerW).toBeNull()
    expect(power(integer(-12_345, 4)).reading.powerW).toBe(-123.45)
  })

  it('with two lists in a frame is refused, as is anything that is no tree', () => {
    const noTree = smlFrame([octets(Buffer.alloc(20))])
    expect(telegramsOf(new SmlFramer().take(noTree))[0]?.values.size ?? 0).toBe(0)
  })
})
