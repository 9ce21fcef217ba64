/** Whatever a file holds, reading it takes less than 400 MiB; measured on the built program, which says its own peak. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { isoSeconds } from '../../server/exchange/instants.ts'
import { mostFileBytes } from '../../server/exchange/read-values.ts'
import { builtProgram } from '../built.ts'
import { workbook } from './writers/workbook.ts'

const folder = mkdtempSync(join(tmpdir(), 'commonwatt-memory-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Loaded before the program: says its peak, in KiB, as the last line on standard error. */
const peak = join(folder, 'peak.mjs')
writeFileSync(
  peak,
  `import { peakKibibytes } from ${JSON.stringify(pathToFileURL(resolve('test/peak-memory.js')).href)}
  process.on('exit', () => process.stderr.write(String(peakKibibytes())))`,
)
const program = builtProgram('commonwatt')

async function peakOf(content: Buffer) {
  const file = join(folder, 'file')
  writeFileSync(file, content)
  const child = spawn(process.execPath, ['--import', pathToFileURL(peak).href, program, 'read-values', file])
  let [printed, errors] = [0, '']
  child.stdout.on('data', (data) => {
    printed += data.length
  })
  child.stderr.on('data', (data) => {
    errors += data
  })
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve))
  const lines = errors.trimEnd().split('\n')
  return { status, printed, refusal: lines.slice(0, -1).join('\n'), peakMebibytes: Number(lines.at(-1)) / 1024 }
}

/** As much of a piece as fits between a head and a tail. */
function filled(head: string, piece: (i: number) => string, tail = '', bytes = mostFileBytes): Buffer {
  const pieces = [head]
  let size = head.length + tail.length
  for (let i = 0; ; i++) {
    const next = piece(i)
    size += next.length
    if (size > bytes) break
    pieces.push(next)
  }
  return Buffer.from(pieces.join('') + tail)
}

const espiEntry = (self: string, related: string[], content: string) => {
  const links = related.map((target) => `<link rel="related" href="${target}"/>`).join('')
  const up = self.slice(0, self.lastIndexOf('/'))
  return `<entry><link rel="self" href="${self}"/><link rel="up" href="${up}"/>${links}<content>${content}`
}
const espiType =
  '<ReadingType><accumulationBehaviour>4</accumulationBehaviour><commodity>1</commodity><flowDirection>1</flowDirection>' +
  '<intervalLength>60</intervalLength><uom>72</uom></ReadingType>'
const closed = '</content></entry>'
/** One block of 700,000 minutes, of which some have no reading. */
const espi = [
  '<feed xmlns="http://www.w3.org/2005/Atom">',
  espiEntry('/U/1', ['/U/1/M'], `<UsagePoint/>${closed}`),
  espiEntry('/U/1/M/1', ['/U/1/M/1/B', '/T/1'], `<MeterReading/>${closed}`),
  espiEntry('/T/1', [], `${espiType}${closed}`),
  espiEntry(
    '/U/1/M/1/B/1',
    [],
    '<IntervalBlock><interval><duration>42000000</duration><start>999999960</start></interval>',
  ),
].join('')
const espiReading = (i: number) =>
  `<IntervalReading><timePeriod><start>${999_999_960 + 60 * i}</start></timePeriod><value>1</value></IntervalReading>`

const csv = 'point,start,direction,channel,energyWh,quality\n'
const root = '<ConsumptionRecord>'

describe('reading takes less than 400 MiB for', () => {
  test.each<[string, () => Buffer, string | null]>([
    [
      'a register of a million minutes',
      () => filled(csv, (i) => `p,${isoSeconds(1e9 + 60 * i)},,total,1,measured\n`),
      null,
    ],
    ['an ESPI block of 650,000 readings', () => filled(espi, espiReading, `</IntervalBlock>${closed}</feed>`), null],
    [
      'registers beyond number',
      () => filled(csv, (i) => `${i >> 1},2026-01-01T0${i % 2}:00:00Z,,total,1,measured\n`),
      'registers: split the file',
    ],
    [
      'two dates and two centuries between them',
      () =>
        Buffer.from(
          `${csv}p,1970-01-01T00:00:00Z,,total,1,measured\np,1970-01-01T00:01:00Z,,total,1,measured\np,2190-01-01T00:00:00Z,,total,1,measured\n`,
        ),
      'without a value',
    ],
    ['a quote that stays open', () => filled(`${csv}"`, () => '\n'), 'a quote is not closed'],
    ['elements in elements', () => filled(root, () => '<a>'), 'nested deeper than 64'],
    [
      'one text',
      () => filled(`${root}<a>`, () => 'ä'.repeat(1000), '</a></ConsumptionRecord>', mostFileBytes / 2),
      'a text, tag or comment longer',
    ],
    [
      'a tag of attributes',
      () => filled('<ConsumptionRecord', (i) => ` a${i}=""`, '/>'),
      'a text, tag or comment longer',
    ],
    [
      'nested declarations',
      () => filled('', () => `<a${Array.from({ length: 9000 }, (_, i) => ` xmlns:a${i}="b"`).join('')}>`),
      'more than 1000 attributes',
    ],
    [
      'a document type',
      () => filled('<!DOCTYPE a [', () => '<!ENTITY a "b">', ']><a/>'),
      'a text, tag or comment longer',
    ],
    [
      'elements that no document has',
      () =>
        filled(
          `${root}<ProcessDirectory><Energy><EnergyData MeterCode="1-1:2.9.0 P.01" UOM="KWH"><EP>`,
          (i) => `<a${i}/>`,
        ),
      'unclosed tag',
    ],
    ['lists in lists', () => filled('[{"cups":', () => '['), 'array where'],
    ['keys beyond number', () => filled('[{"cups":"x"', (i) => `,"${i}":1`, '}]'), 'unknown keys'],
    ['a segment of components', () => filled('UNB+', () => ':'), 'the segment does not end'],
    [
      'a workbook of blanks',
      () => workbook([], { parts: { 'xl/worksheets/sheet2.xml': ' '.repeat(200 * 2 ** 20) } }),
      'unpacks to more than 128 MiB',
    ],
    [
      'a workbook of texts',
      () => workbook([['x']], { parts: { 'xl/sharedStrings.xml': `<sst>${'<si/>'.repeat(20e6)}</sst>` } }),
      'more texts than',
    ],
    ['a file that is too large', () => Buffer.alloc(mostFileBytes + 1, 'a'), 'larger than 64 MiB'],
  ])(
    '%s',
    async (_name, content, reason) => {
      const { status, printed, refusal, peakMebibytes } = await peakOf(content())
      expect(peakMebibytes).toBeLessThan(400)
      expect(peakMebibytes).toBeGreaterThan(10)
      if (reason === null) expect([status, refusal]).toEqual([0, ''])
      else {
        expect([status, printed]).toEqual([1, 0])
        expect(refusal).toContain(reason)
      }
    },
    180_000,
  )
})
