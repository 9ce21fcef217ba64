/** Reads a file of official values, whatever of the formats it has. */
import { ExchangeError } from './error.ts'
import { recogniseFormat, type ValuesFormat, valuesFormats } from './formats.ts'
import type { OfficialValues } from './official-values.ts'
import { inQuotes } from './quote.ts'
import { TimeZone } from './time-zone.ts'

/** A larger file is refused; split it by days or points. */
export const mostFileBytes = 64 * 2 ** 20

export interface ReadOptions {
  /** Name of the format that the file must have; without it the content decides. */
  format?: string
  /** Replaces the format's zone for every local time of the file. */
  timezone?: string
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * What a file says, all of it or nothing. Throws `ExchangeError` with place and reason. Series stand in the order of
 * `compareSeries`, their values in the order of time.
 */
export async function readOfficialValues(
  file: Buffer,
  { format: wanted, timezone }: ReadOptions = {},
): Promise<OfficialValues & { format: string }> {
  const format = formatOf(file, wanted)
  const zone = new TimeZone(timezone ?? format.zone)
  return { format: format.name, ...(await format.read(withoutMark(file), zone)) }
}

function formatOf(file: Buffer, wanted: string | undefined): ValuesFormat {
  if (wanted !== undefined && !valuesFormats.some(({ name }) => name === wanted)) {
    const names = valuesFormats.map(({ name }) => name).join(', ')
    throw new ExchangeError('VALUES_FORMAT', '', `format ${inQuotes(wanted)} is none of ${names}`)
  }
  if (file.length > mostFileBytes) {
    throw new ExchangeError('VALUES_TOO_LARGE', '', `larger than ${mostFileBytes / 2 ** 20} MiB`)
  }
  const format = recogniseFormat(withoutMark(file))
  if (wanted !== undefined && format.name !== wanted) {
    throw new ExchangeError('VALUES_FORMAT', '', `the content is ${format.name}, not ${wanted}`)
  }
  return format
}

/** A byte order mark means nothing. */
function withoutMark(file: Buffer): Buffer {
  return file.subarray(0, 3).equals(byteOrderMark) ? file.subarray(3) : file
}
