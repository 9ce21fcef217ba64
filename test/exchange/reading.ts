/** How the tests read a file: its values, or the refusal in one line. */
import { ExchangeError } from '../../server/exchange/error.ts'
import type { IntervalValue, SeriesIdentity } from '../../server/exchange/official-values.ts'
import { type ReadOptions, readOfficialValues } from '../../server/exchange/read-values.ts'

export interface Read {
  format: string
  createdAt: number | null
  series: (SeriesIdentity & { values: IntervalValue[] })[]
  warnings: string[]
}

export async function read(content: string | Buffer, options: ReadOptions = {}): Promise<Read> {
  const { series, ...rest } = await readOfficialValues(Buffer.from(content as string), options)
  return { ...rest, series: series.map(({ values, ...identity }) => ({ ...identity, values: [...values] })) }
}

/** The refusal of a file as `CODE place: reason`; fails where the file is read. */
export async function refusal(content: string | Buffer, options: ReadOptions = {}): Promise<string> {
  try {
    await read(content, options)
  } catch (error) {
    if (error instanceof ExchangeError) return `${error.code} ${error.message}`
    throw error
  }
  throw new Error('the file was read, and should have been refused')
}
