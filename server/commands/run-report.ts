/** What `commonwatt report` does: from the database to a file or standard output, row by row. */
import { open, rm, writeFile } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { reportFormat, reportPeriod } from '../reports/formats.ts'
import type { ReportManifest } from '../reports/manifest.ts'
import { type Refusal, refusalLine, refusalsHeader } from '../reports/refusals.ts'
import { checkRange, readChangedSince } from '../reports/selection.ts'
import { requireArea } from '../store/areas.ts'
import { endless, openDatabase } from '../store/database.ts'
import { type OpenReport, openReport } from '../store/report-source.ts'
import { writeWhole } from '../store/whole-file.ts'
import { namedArea } from './options.ts'
import { refuse } from './streams.ts'

/** The options as they are read. */
export interface ReportOptions {
  databaseUrl: string
  area: number
  escrow?: string
  from: number
  to: number
  format: string
  by: string
  zone?: string
  point?: string
  changedSince?: string
  timezone?: string
  sender?: string
  receiver?: string
  domain?: string
  out?: string
}

/** Throws what its parts throw: each says what to do. */
export async function makeReport(options: ReportOptions): Promise<void> {
  const { databaseUrl, from, to, zone, point, changedSince, timezone, sender, receiver, domain, out } = options
  checkRange(from, to)
  const [format, by] = [reportFormat(options.format), reportPeriod(options.by)]
  const selection = {
    ...(zone === undefined ? {} : { zone }),
    ...(point === undefined ? {} : { point }),
    ...(changedSince === undefined ? {} : { changedSince: readChangedSince(changedSince) }),
  }
  const parties = Object.fromEntries(
    Object.entries({ sender, receiver, domain }).filter(([, code]) => code !== undefined),
  )
  const database = openDatabase(databaseUrl, 2, endless)
  try {
    const { areaId } = await requireArea(database, namedArea(options))
    const request = { format, from, to, by, selection, timeZone: timezone, parties }
    const opened = await openReport(database, areaId, request, new Date())
    if (out === undefined) await toStandardOutput(opened)
    else await toFile(opened, out)
  } finally {
    await database.end()
  }
}

async function toStandardOutput(opened: OpenReport): Promise<void> {
  let refused = 0
  await written(process.stdout, opened, (refusal) => {
    refused += refusal.rows
    process.stderr.write(refusalLine(refusal))
  })
  if (refused > 0) refuse(`error: ${refused} rows could not be written and are named above; the others are written`)
}

/** The manifest comes last: a report beside which there is none is of a run that was interrupted. */
async function toFile(opened: OpenReport, path: string): Promise<void> {
  const lines: string[] = []
  const log = `${path}.refused.csv`
  const proof = `${path}.manifest.json`
  const manifest = await writeWhole(path, async (partial) => {
    // Opened before anything is written to it: the stream's own failure to open would end the process.
    const file = (await open(partial, 'w')).createWriteStream()
    const whole = await written(file, opened, (refusal) => lines.push(refusalLine(refusal)))
    file.end()
    await finished(file)
    // What an earlier run has left says nothing of this report.
    await Promise.all([proof, log].map((old) => rm(old, { force: true })))
    return whole
  })
  if (lines.length > 0) {
    await writeWhole(log, (partial) => writeFile(partial, `${refusalsHeader}\r\n${lines.join('')}`))
  }
  await writeWhole(proof, (partial) => writeFile(partial, `${JSON.stringify(manifest, null, 1)}\n`))
  if (lines.length === 0) return
  refuse(`error: ${manifest.refused} rows could not be written and are named in ${log}; the others are written`)
}

/** Waits wherever the receiver is slower. */
async function written(
  to: Writable,
  opened: OpenReport,
  onRefused: (refusal: Refusal) => void,
): Promise<ReportManifest> {
  // What the callback is told is an event as well, which would end the process where nobody listens.
  to.on('error', () => {})
  const pieces = opened.write(onRefused)
  for (;;) {
    const piece = await pieces.next()
    if (piece.done) return piece.value
    await new Promise<void>((resolve, reject) => to.write(piece.value, (error) => (error ? reject(error) : resolve())))
  }
}
