/** Rules of MSCONS: envelopes and counts, signs, qualifiers, and which of two messages counts. */
import { describe, expect, test } from 'vitest'
import { read, refusal } from './reading.ts'
import { intervalsOf, type Profile, plainDay, profileOf } from './street.ts'
import { type MsconsMessage, type MsconsOptions, mscons } from './writers/mscons.ts'

const [market, metering] = ['51238691484', 'DE0099990000000000000000000000001']

function profile(point: string, home = 1): Profile {
  return profileOf(
    5,
    { point, home, direction: 'import' },
    { zone: 'Europe/Berlin', day: plainDay, intervalSeconds: 900 },
  )
}

const message: MsconsMessage = { registers: [['1-1:1.29.0', profile(market)]] }
const one = (options: MsconsOptions = {}, more: Partial<MsconsMessage> = {}) =>
  mscons([{ ...message, ...more }], options)

describe('an interchange', () => {
  test('names location, register and the newest message', async () => {
    const registers: MsconsMessage['registers'] = [
      ['1-1:1.29.0', profile(metering)],
      ['1-1:2.29.0', { ...profile(metering, 2), direction: 'export' }],
    ]
    const later = { registers, createdAt: '202604160506', checkNumber: '13018' }
    const { series, createdAt, warnings } = await read(mscons([later, message]))
    expect(series.map(({ point, code, direction }) => [point, code, direction])).toEqual([
      [market, '1-1:1.29.0', 'import'],
      [metering, '1-1:1.29.0', 'import'],
      [metering, '1-1:2.29.0', 'export'],
    ])
    expect([createdAt, warnings]).toEqual([Date.UTC(2026, 3, 16, 5, 6) / 1000, []])
  })

  test('counts the later of two messages, whatever their order, and says so', async () => {
    const corrected = profile(market, 9)
    const later = {
      registers: [['1-1:1.29.0', { ...corrected, values: corrected.values.slice(0, 10) }]],
      createdAt: '202604160000',
    } as MsconsMessage
    for (const messages of [
      [message, later],
      [later, message],
    ]) {
      const { series, warnings } = await read(mscons(messages))
      const expected = [...intervalsOf(corrected).slice(0, 10), ...intervalsOf(profile(market)).slice(10)]
      expect(series[0]!.values).toEqual(expected)
      expect(warnings).toEqual([expect.stringContaining(market!)])
    }
  })

  test('takes the same value of the same time once', async () => {
    expect((await read(mscons([message, message]))).series[0]!.values).toEqual(intervalsOf(profile(market)))
    expect(await refusal(mscons([message, { registers: [['1-1:1.29.0', profile(market, 9)]] }]))).toContain(
      `VALUES_REPEATED point "${market}" 1-1:1.29.0 import total`,
    )
    expect(await refusal(mscons([{ registers: [...message.registers, ...message.registers] }]))).toContain(
      'VALUES_REPEATED',
    )
  })

  test('lists a gap as missing', async () => {
    const edit = (segments: string[]) => {
      const at = segments.findIndex((segment) => segment.startsWith('QTY'))
      segments.splice(at + 30, 6)
    }
    const { series } = await read(one({ edit }))
    expect(series[0]!.values).toHaveLength(96)
    expect(series[0]!.values.slice(9, 13).map(({ quality }) => quality)).toEqual([
      'measured',
      'missing',
      'missing',
      'measured',
    ])
  })

  const edit = (from: string | RegExp, to: string) =>
    one({
      edit: (segments) => {
        const at = segments.findIndex((segment) =>
          typeof from === 'string' ? segment.startsWith(from) : from.test(segment),
        )
        segments[at] = segments[at]!.replace(from, to)
      },
    })
  const good = one()
  test.each<[string, string, string]>([
    ['power', edit(/KWH$/, 'KWT'), 'VALUES_UNIT segment 13 QTY: unit KWT, expected KWH'],
    ['an unknown qualifier', edit('QTY+220', 'QTY+999'), 'VALUES_QUALITY segment 13 QTY'],
    ['a wrong check digit', edit('LOC+172+51238691484', 'LOC+172+51238691485'), 'VALUES_POINT'],
    ['a value without location', edit('LOC+172', 'LOC+237'), 'VALUES_POINT'],
    ['another register', edit('PIA+5+1-1?:1.29.0', 'PIA+5+1-1?:1.8.0'), 'VALUES_CODE'],
    [
      'a withdrawal',
      one({}, { checkNumber: '13006' }),
      'VALUES_CODE segment 5 RFF: check number "13006": it withdraws values',
    ],
    ['register readings', one({}, { checkNumber: '13017' }), 'VALUES_CODE'],
    ['an unknown check number', one({}, { checkNumber: '99999' }), 'VALUES_CODE'],
    ['an hour', edit('DTM+164:202604132215', 'DTM+164:202604132300'), 'VALUES_TIME'],
    ['an end before its start', edit('DTM+164:202604132215', 'DTM+164:202604132145'), 'VALUES_TIME'],
    ['a value without times', edit('DTM+163:202604132200', 'DTM+999:202604132200'), 'VALUES_TIME'],
    ['a time of another format', edit('DTM+163:202604132200?+00:303', 'DTM+163:202604132200:203'), 'VALUES_TIME'],
    ['a time with another offset', edit('DTM+163:202604132200?+00', 'DTM+163:202604132200?+01'), 'VALUES_TIME'],
    ['a day that does not exist', edit('DTM+163:20260413', 'DTM+163:20260431'), 'VALUES_TIME'],
    ['a foreign decimal sign', edit(/0\./, '0,'), 'VALUES_NUMBER'],
    ['a decimal point where a comma was said', one({ decimalSign: ',' }).replace(/:0,/, ':0.'), 'VALUES_NUMBER'],
    ['a count of segments that does not fit', good.replace(/UNT\+\d+/, 'UNT+7'), 'VALUES_COUNT'],
    [
      'a segment less',
      one({ edit: (segments) => void segments.splice(4, 1) }).replace(
        /UNT\+(\d+)/,
        (_, count) => `UNT+${Number(count) + 1}`,
      ),
      'VALUES_COUNT',
    ],
    ['a count of messages that does not fit', good.replace('UNZ+1', 'UNZ+2'), 'VALUES_COUNT'],
    ['the end of another message', good.replace(/(UNT\+\d+)\+1/, '$1+2'), 'VALUES_SYNTAX'],
    ['the end of another interchange', good.replace('UNZ+1+CW1', 'UNZ+1+CW2'), 'VALUES_SYNTAX'],
    ['another kind of message', good.replace('MSCONS:D', 'UTILMD:D'), 'VALUES_FORMAT'],
    ['no end', good.replace(/UNZ.*/, ''), 'VALUES_SYNTAX the file is cut short'],
    ['a message without end', good.replace(/UNT[^']*'/, ''), 'VALUES_SYNTAX'],
    ['cut in a segment', good.slice(0, 900), 'VALUES_SYNTAX'],
    ['something behind its end', `${good}UNB+UNOC:3+a+b+c+d'`, 'VALUES_SYNTAX'],
    ['signs that are one', good.replace('UNA:+.', 'UNA::.'), 'VALUES_SYNTAX UNA'],
    ['no value', mscons([]), 'VALUES_COUNT'],
  ])('is refused for %s', async (_name, interchange, reason) => {
    expect(await refusal(interchange)).toContain(reason)
  })
})
