/**
 * A home as a SunSpec device: what the agent concludes of all its devices, with known faults corrected, for software that reads
 * SunSpec. Inverter (103), meter at the grid connection (203) and battery (802), each after a common model; what is not known is
 * "not implemented".
 */
import type { MeterStatus } from '../home/status.ts'
import { drawChain, drawModel, type PointContent } from '../sunspec/draw-model.ts'

/** Where the marker lies. */
export const viewBase = 40_000

/** Powers have 16 bits: larger ones are shown in steps of 10 or 100 W. */
function powerExponent(powersW: readonly (number | null)[]): number {
  const largest = Math.max(...powersW.map((watts) => Math.abs(watts ?? 0)))
  return largest <= 32_000 ? 0 : largest <= 320_000 ? 1 : 2
}

/** The registers from the marker on. @param unit the unit id it is shown under. `null` while nothing fresh is known. */
export function sunSpecView(
  { name, address, live, registers }: MeterStatus,
  { unit, version }: { unit: number; version: string },
): number[] | null {
  if (!live) return null
  const { powerW, productionW, batteryPowerW, stateOfChargePercent } = live
  const energy = (wh: number | null) => (wh === null ? null : { milliWh: BigInt(wh) * 1000n })
  const common = (what: string, option: string | null): Record<string, PointContent> => ({
    Mn: 'Commonwatt',
    Md: what,
    Vr: version,
    Opt: option,
    // There is room for 32 letters.
    SN: `${name.slice(0, 19)}-${address.slice(2, 14)}`,
    DA: unit,
  })
  const exponent = powerExponent([powerW, productionW, batteryPowerW])
  const scaleFactors = { W_SF: exponent }
  const models: [number, Record<string, PointContent>][] = [
    [1, common('Home', null)],
    [103, { W: productionW, WH: energy(registers.productionWh) }],
    [1, common('Grid meter', 'Export+Import')],
    [203, { W: powerW, TotWhImp: energy(registers.importWh), TotWhExp: energy(registers.exportWh) }],
    [1, common('Battery', null)],
    [802, { SoC: stateOfChargePercent, W: batteryPowerW }],
  ]
  return drawChain(
    models.map(([id, content]) => ({ id, body: drawModel(id, { content, scaleFactors, elementsOf: () => 0 }) })),
  )
}
