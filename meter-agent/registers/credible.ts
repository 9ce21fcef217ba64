/**
 * What a value may be: the one place that knows what devices send when they have nothing to say, or say it wrongly, in any
 * register map. A value that cannot be one is no value; the reason is a sentence for whoever connects the device.
 *
 * Three kinds of nonsense are told apart from numbers: patterns that mean "not there" in some type (all ones, the smallest or
 * largest signed number, a float that is no number), pieces of such patterns and words in the wrong place (half of a pattern, a
 * small negative number in an unsigned register, a float of another word order), and sizes that no house has.
 */

/** How the bits of a value are meant. */
export interface Shape {
  bits: 16 | 32 | 64
  signed: boolean
  /** A counter: never negative, whatever its type says. */
  accumulates: boolean
}

/** `absent`: the pattern of a value that is not there. `broken`: no such pattern and no possible value. */
export type Doubt = { kind: 'absent' | 'broken'; reason: string } | null

const ones = (bits: number) => (1n << BigInt(bits)) - 1n

/** Why an integer cannot be a value; `null` where nothing speaks against it. @param raw as its type has it */
export function doubtOfInteger(raw: bigint, { bits, signed, accumulates }: Shape): Doubt {
  const whole = BigInt.asUintN(bits, raw)
  const unsigned = !signed || accumulates
  const top = 1n << BigInt(bits - 1)
  const extreme = whole === top || whole === top - 1n
  if (unsigned && whole === ones(bits)) return absent('all ones')
  // A 16-bit power may well be 32,768 W where it is unsigned; wider ones never are that large.
  if (extreme && (signed || bits > 16)) return absent('the end of its range')
  if (unsigned && !signed && bits === 16 && !accumulates && whole >= top) {
    return broken('a negative number in an unsigned register')
  }
  if (accumulates && signed && raw < 0n) return broken('a negative number in a counter')
  if (bits === 16) return null
  const high = Number(whole >> BigInt(bits - 16))
  if (unsigned && high === 0xffff) return broken('a negative number in an unsigned register, or half of "not there"')
  if (high === 0x7fff || high === 0x8000) return broken('half of "not there"')
  return doubtOfHalves(whole, bits, accumulates)
}

/** Pieces of "not there" in the lower words. A counter may pass by such a number: there only whole 32-bit pieces speak. */
function doubtOfHalves(whole: bigint, bits: number, accumulates: boolean): Doubt {
  if (bits === 64) {
    const low = whole & 0xffff_ffffn
    return low === 0xffff_ffffn || whole >> 32n === 0xffff_ffffn ? broken('half of "not there"') : null
  }
  if (accumulates) return null
  const pieces = [0x0000_ffffn, 0xffff_0000n, 0x0000_8000n, 0xffff_7fffn]
  return pieces.includes(whole) ? broken('half of "not there", or its words exchanged') : null
}

/** Below this a float is no quantity of a house but the words of one in another order. */
const smallestFloat = 1e-6

/** Why a float cannot be a value; `null` where nothing speaks against it. */
export function doubtOfFloat(value: number, { accumulates }: Pick<Shape, 'accumulates'>): Doubt {
  if (!Number.isFinite(value)) return absent('no number')
  const size = Math.abs(value)
  if (size > 0 && size < smallestFloat) return broken('a float whose words stand in another order')
  if (accumulates && value < 0) return broken('a negative number in a counter')
  return null
}

/** No connection of a house or a village carries more. */
const largestPowerW = 1_000_000
/** No meter of one has counted more: a hundred kilowatts for thirty years. */
const largestEnergyWh = 3e9
/** No roof has worked longer at full power: forty years in the desert. */
const longestFullLoadHours = 100_000

/** Why a power cannot be one. @param ratedW what the inverter that makes it is built for; `null` where that is not known */
export function doubtOfPower(powerW: number, ratedW: number | null): Doubt {
  if (Math.abs(powerW) > largestPowerW) return broken(`${powerW} W is more than any house has`)
  if (ratedW !== null && ratedW > 0 && Math.abs(powerW) > 2 * ratedW + 1_000) {
    return broken(`${powerW} W is more than an inverter of ${ratedW} W makes`)
  }
  return null
}

/** Why an energy counter cannot stand there. @param ratedW of the inverter that made it all; `null` for others */
export function doubtOfEnergy(energyWh: number, ratedW: number | null): Doubt {
  if (energyWh > largestEnergyWh) return broken(`${energyWh} Wh is more than any house counts`)
  if (ratedW !== null && ratedW > 0 && energyWh > ratedW * longestFullLoadHours) {
    return broken(`${energyWh} Wh is more than an inverter of ${ratedW} W makes in its life`)
  }
  return null
}

/** Beside this power a counter of 0 is none. */
const aliveW = 100

/** Whether a yield of 0 is the silence of a register rather than a new inverter's. */
export function isDeadYield(productionWh: number | null, productionW: number | null): boolean {
  return productionWh === 0 && productionW !== null && productionW >= aliveW
}

/**
 * Whether a grid counter of 0 is the silence of a register: energy flows on its side, and the other counter shows that the
 * meter is not new.
 */
export function isDeadCounter(countedWh: number | null, otherWh: number | null, sideW: number | null): boolean {
  return countedWh === 0 && otherWh !== null && otherWh > 0 && sideW !== null && sideW >= aliveW
}

function absent(reason: string): Doubt {
  return { kind: 'absent', reason }
}

function broken(reason: string): Doubt {
  return { kind: 'broken', reason }
}
