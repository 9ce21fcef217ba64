/** What an area clears by, in canonical bytes: its rules, zones, prices and, where no market decides the quantities, how these are priced. */
import { address, type Codec, hex32, type Infer, int, list, oneOf, optional, struct, text, uint } from './binary.ts'
import { clock } from './clock.ts'
import { type Sharing, sharing } from './sharing.ts'

export const areaZone = struct({ id: text, parent: optional(text), feeTicksPerKwh: uint, capacityWh: optional(uint) })

const areaRules = struct({
  area: uint,
  grid: address,
  successor: address,
  token: address,
  intervalSeconds: uint,
  batchSeconds: uint,
  priceTick: uint,
  maxGridPerKwh: uint,
  maxBandTicks: uint,
  confirmation: uint,
  settlingGrade: uint,
  allocation: uint,
  watchers: hex32,
  watcherGraceSeconds: uint,
})

/** Whether the supplier treats what a home uses of its own within an interval as used (`net`) or bills it in both directions. */
export const ownUse = oneOf(['net', 'residual'])

/**
 * What an area clears by. `rules` is what everybody signed; the rest is the server's and public, and holds from an interval on.
 *
 * Prices of trades lie in `[lowestTicks, highestTicks]`, half as wide as the band that the rules allow a batch: a share in
 * excess congestion rent moves an average by at most half the width beyond either end, so every batch fits its band.
 */
const clearing = struct({
  rules: areaRules,
  rulesHash: hex32,
  zones: list(areaZone),
  lowestTicks: int,
  highestTicks: int,
  /** How long after an interval's end a missing reading is waited for. */
  graceMs: uint,
  ownUse,
  /** The clock by which local days go. */
  clock,
})

/** How energy that is shared out is priced and waited for; null exactly where the rules let the market decide the quantities. */
export const areaConfig: Codec<Infer<typeof clearing> & { sharing: Sharing | null }> = {
  write(writer, config) {
    clearing.write(writer, config)
    if (config.rules.allocation !== 0) sharing.write(writer, config.sharing!)
  },
  read(reader) {
    const config = clearing.read(reader)
    return { ...config, sharing: config.rules.allocation === 0 ? null : sharing.read(reader) }
  },
}
