/** `commonwatt report`: the settlement report of an area in any of its formats, from the database to a file or standard output. */
import { createWriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { Command } from 'commander'
import { reportFormat, reportFormats, reportPeriod } from '../reports/formats.ts'
import type { ReportManifest } from '../reports/manifest.ts'
import { type Refusal, refusalLine, refusalsHeader } from '../reports/refusals.ts'
import { checkRange, readChangedSince } from '../reports/selection.ts'
import { requireArea } from '../store/areas.ts'
import { endless, openDatabase } from '../store/database.ts'
import { type OpenReport, openReport } from '../store/report-source.ts'
import { takesConfig } from './configured.ts'
import { areaNumber, databaseUrl, escrowOfArea, namedArea, time } from './options.ts'
import { refuseKnown } from './refusal.ts'
import { refuse } from './streams.ts'

interface Options {
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

export function reportCommand(): Command {
  const formats = reportFormats.map(({ name, about }) => `  ${name.padEnd(16)}${about}`).join('\n')
  const command = new Command('report')
    .addOption(databaseUrl())
    .addOption(areaNumber())
    .addOption(escrowOfArea())
    .requiredOption('--from <time>', 'first interval, ISO 8601 UTC (2026-11-01T00:00:00Z)', time)
    .requiredOption('--to <time>', 'end of the range, exclusive', time)
    .option('--format <name>', reportFormats.map(({ name }) => name).join(', '), 'csv')
    .option('--by <period>', 'interval, or sums by day or month of the area’s calendar', 'interval')
    .option('--zone <zone>', 'only points of this zone')
    .option('--point <point>', 'only this metering point, by its official identifier or its meter’s address')
    .option('--changed-since <run or time>', 'only what a run of a higher number, or one since that time, computed')
    .option('--timezone <zone>', 'whose clocks local times and days go by, instead of the area’s')
    .option('--sender <code>', 'who sends the report (EIC or GLN), instead of the area’s')
    .option('--receiver <code>', 'who receives it (EIC or GLN), instead of the area’s')
    .option('--domain <code>', 'the market balance area (EIC), instead of the area’s')
    .option('--out <file>', 'write there, and beside it FILE.manifest.json and FILE.refused.csv')
    .addHelpText(
      'after',
      `\nFormats:\n${formats}\n\nRows that cannot be written are named on standard error, or in FILE.refused.csv.`,
    )
    .action(async (options: Options) => {
      try {
        await report(options)
      } catch (error) {
        if (!isBrokenPipe(error)) refuseKnown(error)
      }
    })
  return takesConfig(command)
}

async function report(options: Options): Promise<void> {
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

async function toFile(opened: OpenReport, path: string): Promise<void> {
  const file = createWriteStream(path)
  const lines: string[] = []
  const manifest = await written(file, opened, (refusal) => lines.push(refusalLine(refusal)))
  file.end()
  await finished(file)
  await writeFile(`${path}.manifest.json`, `${JSON.stringify(manifest, null, 1)}\n`)
  const log = `${path}.refused.csv`
  if (lines.length === 0) return
  await writeFile(log, `${refusalsHeader}\r\n${lines.join('')}`)
  refuse(`error: ${manifest.refused} rows could not be written and are named in ${log}; the others are written`)
}

/** Waits wherever the receiver is slower. */
async function written(
  to: Writable,
  opened: OpenReport,
  onRefused: (refusal: Refusal) => void,
): Promise<ReportManifest> {
  const pieces = opened.write(onRefused)
  for (;;) {
    const piece = await pieces.next()
    if (piece.done) return piece.value
    await new Promise<void>((resolve, reject) => {
      to.once('error', reject)
      to.write(piece.value, (error) => {
        to.off('error', reject)
        if (error) reject(error)
        else resolve()
      })
    })
  }
}

/** Who reads our output (`head`) may have had enough. */
function isBrokenPipe(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EPIPE'
}
