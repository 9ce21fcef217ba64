/** Writes one report and says what its process took: a process has its most memory for ever, so each report has one of its own. */
import { reportFormat } from '../../server/reports/formats.ts'
import { openDatabase } from '../../server/store/database.ts'
import { openReport } from '../../server/store/report-source.ts'
import { peakKibibytes } from '../peak-memory.js'

/** What is told on standard output, as JSON. */
export interface ReportMemory {
  rows: number
  /** Most that the process had. */
  residentMiB: number
  /** From the first row to the last, without the start of the process. */
  seconds: number
  cpuSeconds: number
}

const [databaseUrl, format, from, to] = process.argv.slice(2)
const database = openDatabase(databaseUrl!, 2)
const request = {
  ...{ format: reportFormat(format!), from: Number(from), to: Number(to), by: 'interval' as const, selection: {} },
  parties: JSON.parse(process.env.REPORT_PARTIES!),
}
const [begun, cpu] = [performance.now(), process.cpuUsage()]
const pieces = (await openReport(database, 1, request, new Date())).write(() => {})
let piece = await pieces.next()
while (!piece.done) piece = await pieces.next()
const { user, system } = process.cpuUsage(cpu)
const said: ReportMemory = {
  ...{ rows: piece.value.rows, residentMiB: peakKibibytes() / 1024 },
  ...{ seconds: (performance.now() - begun) / 1000, cpuSeconds: (user + system) / 1e6 },
}
await database.end()
process.stdout.write(JSON.stringify(said))
