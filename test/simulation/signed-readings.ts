/** Everything that meters have signed, and what their owners may hear of it. */
import type { ReadingAck, SignedReading } from '../../contracts/protocol/wire.ts'
import type { SignedRegisters } from './contract.ts'
import type { HomeWitness } from './home.ts'
import type { Verdict } from './verdict.ts'

/** For these a meter's own readings may be refused: it has a newer epoch, or signed two values. */
const ownFault: ReadonlySet<string> = new Set(['READING_EPOCH_ENDED', 'READING_BEFORE_EPOCH', 'READING_SUSPENDED'])

/** What else a meter may hear whose key somebody has stolen: a forged value may have come first, and the genuine ones fall after it. */
const ofStolenKey: ReadonlySet<string> = new Set(['READING_EQUIVOCATION', 'READING_FALLING'])

export class SignedReadings implements HomeWitness {
  /** Every reading that a home has signed. */
  readonly all: SignedReading[] = []
  /** What meters have signed as measured. */
  private readonly measured = new Set<string>()
  /** Meters whose key was stolen. */
  private readonly forged = new Set<string>()
  private readonly verdict: Verdict

  constructor(verdict: Verdict) {
    this.verdict = verdict
  }

  signed(reading: SignedReading): void {
    this.all.push(reading)
    this.note(reading)
  }

  /** A meter has signed this. */
  note(reading: SignedReading): void {
    if (reading.quality === 0) this.measured.add(registersName(reading))
  }

  /** Somebody else has signed this with a meter's key. */
  noteForged(reading: SignedReading): void {
    this.note(reading)
    this.forged.add(reading.meter)
  }

  /** Whether somebody else signs with this meter's key, too. */
  isKeyStolen(meter: string): boolean {
    return this.forged.has(meter)
  }

  /** Whether these registers were signed as measured, by this key. */
  has(registers: SignedRegisters): boolean {
    return this.measured.has(registersName(registers))
  }

  refused({ meter, time }: SignedReading, { code, message }: ReadingAck): void {
    const isOwnFault = ownFault.has(code!) || (ofStolenKey.has(code!) && this.isKeyStolen(meter))
    this.verdict.holds('no final refusal', isOwnFault, () => {
      return `the reading of ${meter} at ${time} was refused for good: ${code}: ${message}`
    })
  }
}

function registersName({ meter, epoch, time, importWh, exportWh, signature }: SignedRegisters): string {
  return `${meter} ${epoch} ${time} ${importWh} ${exportWh} ${signature}`
}
