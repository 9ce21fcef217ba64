/** What `commonwatt area` does: reads which area and which act is meant, has it carried out, and says what came of it. */
import { type Address, parseAddress } from '../../contracts/protocol/typed-data.ts'
import { readWalletFile } from '../chain/key-file.ts'
import { type AreaAct, carryOutAct, readOffices } from '../founding/area-acts.ts'
import type { ConfiguredArea } from '../founding/configured-areas.ts'
import { readConfigOf } from './configured.ts'
import { configuredArea } from './configured-area.ts'
import { InputError, writeOutput } from './streams.ts'

/** The options of all acts as they are read; each act takes some of them. */
export interface AreaFlags {
  config: string
  area?: number
  keyFile?: string
  operator?: string
  seat?: string
  zone?: string
  mostExportWh?: number
  companion?: boolean
  to?: string
  json?: boolean
}

/** Throws `InputError`, `FoundingError` and `ChainError`. */
export async function carryOutAreaCommand(act: string, flags: AreaFlags): Promise<void> {
  const place = await configuredArea(await readConfigOf(flags), flags.area)
  if (act === 'show') return show(place, flags.json === true)
  const transaction = await carryOutAct(place, readWalletFile(flags.keyFile!), actOf(act as AreaAct['act'], flags))
  await writeOutput(
    flags.json === true ? `${JSON.stringify({ transaction })}\n` : `done in transaction ${transaction}\n`,
  )
}

/** Each subcommand has made sure of the options of its own act. */
function actOf(act: AreaAct['act'], flags: AreaFlags): AreaAct {
  const address = (text: string | undefined): Address => parseAddress(text!)
  switch (act) {
    case 'open':
      return { act, operator: address(flags.operator) }
    case 'confirm':
      return {
        ...{ act, seat: flags.seat!, zone: flags.zone!, mostExportWh: flags.mostExportWh! },
        isCompanion: flags.companion === true,
      }
    case 'revoke':
      return { act, seat: flags.seat! }
    case 'appoint':
    case 'hand-over':
    case 'withdraw-fees':
      return { act, to: address(flags.to) }
    default:
      return { act }
  }
}

async function show(place: ConfiguredArea, json: boolean): Promise<void> {
  const { area, currency } = place.settings
  const offices = await readOffices(place)
  if (offices === null) throw new InputError(`area ${area} is not open: run "commonwatt area open"`)
  const { rules, isAsFile, gridOperator, operator, gridFees, settledUntil } = offices
  const lines = [
    `area ${area}, rules ${rules}${isAsFile ? '' : ', which are not those of its file'}`,
    `grid operator ${gridOperator}`,
    `operator ${operator}`,
    `grid fees earned ${gridFees} ${currency}`,
    settledUntil === null ? 'nothing is settled yet' : `settled until ${settledUntil}`,
  ]
  await writeOutput(json ? `${JSON.stringify(offices)}\n` : `${lines.join('\n')}\n`)
}
