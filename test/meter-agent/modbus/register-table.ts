/** A table of registers in place of a device. */
import type { RegisterReply, RegisterRequest } from '../../../meter-agent/modbus/connection.ts'
import { exceptionError, ModbusError } from '../../../meter-agent/modbus/error.ts'
import type { Patience, RegisterSource } from '../../../meter-agent/modbus/register-source.ts'

/** Words from hex text, blanks allowed. */
export function words(hex: string): number[] {
  const digits = hex.replace(/\s/g, '')
  return Array.from({ length: digits.length / 4 }, (_, index) =>
    Number.parseInt(digits.slice(index * 4, index * 4 + 4), 16),
  )
}

/** Blocks of hex words by their first address, as registers by address. */
export function registersOf(blocks: Record<string, string>): Map<number, number> {
  const registers = new Map<number, number>()
  for (const [address, hex] of Object.entries(blocks)) {
    words(hex).forEach((word, index) => {
      registers.set(Number(address) + index, word)
    })
  }
  return registers
}

/** Answers like a strict device: exception 2 for a range with any register it does not have. */
export class RegisterTable implements RegisterSource {
  generation = 1
  readonly requests: RegisterRequest[] = []
  /** Exceptions in place of an answer, by unit: the codes, or 0 for silence. */
  readonly trouble = new Map<number, number>()
  readonly registers: Map<number, number>
  /** Registers that one function code alone serves. */
  readonly other = new Map<number, Map<number, number>>()
  /** Words of registers that mean something else when asked for by themselves. */
  readonly alone = new Map<number, number>()
  readonly #functionCodes: readonly number[]
  readonly #units: readonly number[] | null

  constructor(registers: Map<number, number>, options: { functionCodes?: number[]; units?: number[] } = {}) {
    this.registers = registers
    this.#functionCodes = options.functionCodes ?? [3]
    this.#units = options.units ?? null
  }

  async read(request: RegisterRequest): Promise<RegisterReply> {
    this.requests.push(request)
    const { unit, functionCode, address, count } = request
    const what = `registers ${address}+${count}`
    const trouble = this.trouble.get(address) ?? (this.#units?.includes(unit) === false ? 11 : undefined)
    if (trouble === 0) throw new ModbusError('MODBUS_TIMEOUT', `${what}: no reply`)
    if (trouble !== undefined) throw exceptionError(trouble, what)
    const own = this.other.get(functionCode)
    const serves = this.#functionCodes.includes(functionCode)
    if (!serves && !own) throw exceptionError(1, what)
    const registers: number[] = []
    for (let index = 0; index < count; index += 1) {
      const alone = count === 1 ? this.alone.get(address) : undefined
      const word = alone ?? own?.get(address + index) ?? (serves ? this.registers.get(address + index) : undefined)
      if (word === undefined) throw exceptionError(2, what)
      registers.push(word)
    }
    return { registers, requestedAtMs: this.requests.length, repliedAtMs: this.requests.length + 0.5 }
  }
}

export const patience: Patience = { timeoutMs: 1_000, tries: 1, registersPerRequest: 125 }
