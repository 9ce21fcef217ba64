/** What one telegram of a meter says, whatever language it is in. */
import type { DeviceIdentity } from '../registers/device-sample.ts'

/** A value as the meter gives it: raw × 10^exponent, exactly. */
export interface ObisValue {
  raw: bigint
  exponent: number
  /** The unit after prefixes were taken into the exponent; `null` where the meter gives none. */
  unit: string | null
  /** Decimal digits that the register has; `null` where the language does not say. */
  digits: number | null
  /** Why it cannot be told what the value is. */
  doubt: string | null
}

export interface MeterTelegram {
  identity: DeviceIdentity
  /** The country's rules by which it is written, as far as it says. */
  standard: string | null
  /**
   * Seconds on the meter's own clock, of the moment the values are of: only differences mean something. `null` where the meter
   * has no clock, or does not say.
   */
  meterSeconds: number | null
  /** By the C.D.E part of the OBIS code of an electricity value, such as `1.8.0`. */
  values: ReadonlyMap<string, ObisValue>
  /** A checksum says that it arrived as it was sent. */
  isChecked: boolean
  warnings: string[]
}

/** What a framer finds in a stream. */
export type FoundTelegram =
  /** `first` and `last` are positions in the stream: the bytes taken before the telegram's first and after its last one. */
  { kind: 'telegram'; telegram: MeterTelegram; bytes: Buffer; first: number } | { kind: 'damage'; reason: string }

/** Finds telegrams in a stream that may begin anywhere, lose bytes and carry noise. */
export interface Framer {
  /** Takes the next bytes; gives what has become whole. */
  take(chunk: Buffer): FoundTelegram[]
  /** Bytes of a telegram that is not whole yet. */
  readonly pending: number
}
