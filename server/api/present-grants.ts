/** Grants of data and who read what, as their owner reads them. */
import { granularities, scopesOf } from '../../contracts/protocol/data-grants.ts'
import { hexOf } from '../../contracts/protocol/hex.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { AreaSettings } from '../areas/settings.ts'
import type { ReadRow, StoredGrant } from '../store/grant-store.ts'
import type { ReadingRow } from '../store/queries-seats.ts'
import { endOfTime, type SeatRow } from '../store/rows.ts'
import type { DataReadResource, GrantResource, ReadingResource, ReadKind } from './grant-resources.ts'
import { isoTime, seatIdIn } from './present.ts'

const qualities = ['measured', 'estimated', 'doubtful'] as const

export function presentGrant(settings: AreaSettings, grant: StoredGrant): GrantResource {
  const {
    digest,
    seat,
    account,
    grantee,
    scope,
    granularity,
    from,
    until,
    nonce,
    givenAt,
    isRevoked,
    chainId,
    revocations,
  } = grant
  return {
    ...{ grant: digest, area: settings.area, seat: seatIdIn(settings, seat), account, grantee },
    ...{ scopes: scopesOf(scope), granularity: granularities[granularity]! },
    ...{ from: isoTime(from), until: isoTime(until), nonce, chainId, revocations },
    ...{ givenAt: givenAt.toISOString(), revoked: isRevoked },
  }
}

export function presentRead(settings: AreaSettings, row: ReadRow): DataReadResource {
  const { reader, grant, what, seat, from, until, firstAt, lastAt, times } = row
  const asked = (time: UtcSeconds) => (time <= 0 || time >= endOfTime ? null : isoTime(time))
  return {
    ...{ reader, as: grant === null ? 'grid operator' : 'grantee', grant, what: what as ReadKind },
    ...{ area: settings.area, seat: seat === null ? null : seatIdIn(settings, seat) },
    ...{ from: asked(from), until: asked(until) },
    ...{ firstAt: firstAt.toISOString(), lastAt: lastAt.toISOString(), times },
  }
}

export function presentReading(
  settings: AreaSettings,
  { seat, meter }: Pick<SeatRow, 'seat' | 'meter'>,
  { epoch, time, import_wh: importWh, export_wh: exportWh, quality, signature }: ReadingRow,
): ReadingResource {
  return {
    ...{ seat: seatIdIn(settings, seat), meter, epoch, time: isoTime(time), importWh, exportWh },
    ...{ quality: qualities[quality]!, signature: hexOf(signature) },
  }
}
