/** From whom a seat's energy came and who took it, as they let it be seen; and the name and the preferred neighbours of an account. */
import { z } from 'zod'
import type { Address } from '../../../contracts/protocol/typed-data.ts'
import type { AreaSettings } from '../../areas/settings.ts'
import type { SessionRow } from '../../store/account-store.ts'
import { requireKept } from '../../store/archives.ts'
import { choosePartners, neighboursOf, partnerChoices, seatNames } from '../../store/partner-store.ts'
import { timeInput } from '../paging.ts'
import {
  type PartnerResource,
  type PartnersResource,
  partnerChoiceSchema,
  partnerChoicesSchema,
  partnersSchema,
  presentPartnerChoices,
} from '../partner-resources.ts'
import { partnerSums, sumOf } from '../partner-sums.ts'
import type { OrderParts } from '../place-order.ts'
import { isoTime, seatIdIn } from '../present.ts'
import { ApiError } from '../problem.ts'
import { addressSchema, seatId } from '../resources.ts'
import { type Route, route } from '../route.ts'
import { type ToldPartner, toldPartners } from '../told-partners.ts'
import { keyOf, visibilityOf } from '../visibility.ts'

const tag = 'Accounts'
const params = z.object({ account: addressSchema })
/** The longest month, with the hour that autumn adds to it where clocks change. */
const longestSeconds = 31 * 86_400 + 3_600

export function partnerRoutes(parts: OrderParts): Route[] {
  const { database, tables } = parts
  const { readable } = visibilityOf(parts)

  /** Names are shown to neighbours, which the account is where it has a seat. */
  async function choicesOf(own: SessionRow, account: Address) {
    if (own.account !== account) {
      throw new ApiError('ACCOUNT_FOREIGN', `what ${account} has chosen is for ${account} alone`)
    }
    const { seats } = await readable(own, account, { what: 'seats' })
    const areas = [...new Set(seats.map(({ area_id }) => area_id))]
    const [choices, neighbours] = await Promise.all([
      partnerChoices(database, account),
      neighboursOf(database, { account, areas }),
    ])
    return { ...choices, neighbours }
  }

  return [
    route({
      id: 'getPartners',
      method: 'get',
      path: '/accounts/:account/partners',
      tag,
      summary:
        'From whom a seat’s energy of 31 days at most came, and who took what it sold: by name who lets itself be seen, the others together by how far away they are',
      private: true,
      isSlow: true,
      params,
      query: z.object({ seat: seatId, from: timeInput, to: timeInput }),
      answers: { 200: partnersSchema },
      async handle({ params: { account }, query: { seat, from, to }, session }) {
        if (from >= to) throw new ApiError('RANGE_EMPTY', 'the range ends before it begins')
        if (to - from > longestSeconds) throw new ApiError('RANGE_TOO_LONG', 'ask for 31 days at most')
        const own = await session()
        const read = await readable(own, account, { what: 'intervals', seat, from, to })
        const [row] = read.seats
        const range = { from: read.from!, to: read.to! }
        await requireKept(database, row!.area_id, range.from)
        const area = tables.areaWith(row!.area_id)
        const [history, names] = await Promise.all([tables.history(area), seatNames(database, row!.area_id)])
        const sums = await partnerSums(database, { ...keyOf(row!), ...range }, { history, names })
        const known = new Map(names.map((each) => [each.seat, each]))
        const shownOf = (partner: number) => {
          const { account: whose, id, name } = known.get(partner)!
          if (whose === account) return { neighbour: 'own' as const, name: null }
          // Neighbours let their neighbours see them, and not whomever one of these lets read its data.
          return own.account === account && id !== null ? { neighbour: id, name } : null
        }
        const chain = sums.chain.map(({ zone }) => zone)
        const told = (side: 'bought' | 'sold') => ({
          energyWh: sumOf(sums[side]),
          partners: toldPartners(sums[side], { chain, around: sums.around, shownOf }).map((partner) =>
            presentPartner(partner, sums.chain),
          ),
        })
        const body: PartnersResource = {
          seat: seatIdIn(area.settings, row!.seat),
          ...{ from: isoTime(sums.from), to: isoTime(range.to) },
          ...{ bought: told('bought'), sold: told('sold') },
        }
        return { status: 200, body }
      },
    }),
    route({
      id: 'getPartnerChoices',
      method: 'get',
      path: '/accounts/:account/partner-choices',
      tag,
      summary: 'The name under which neighbours see the account, whom it prefers, and who lets itself be seen',
      private: true,
      params,
      answers: { 200: partnerChoicesSchema },
      async handle({ params: { account }, session }) {
        return { status: 200, body: presentPartnerChoices(await choicesOf(await session(), account)) }
      },
    }),
    route({
      id: 'choosePartners',
      method: 'post',
      path: '/accounts/:account/partner-choices',
      tag,
      summary:
        'Under which name neighbours see the account, if at all, and whom of those that let themselves be seen it prefers',
      private: true,
      params,
      body: partnerChoiceSchema,
      answers: { 200: partnerChoicesSchema },
      async handle({ params: { account }, body: { name, preferred }, session }) {
        const own = await session()
        const { neighbours } = await choicesOf(own, account)
        const wanted = [...new Set(preferred.map(Number))]
        const unknown = wanted.find((id) => !neighbours.some((each) => each.id === id))
        if (unknown !== undefined) {
          throw new ApiError('NEIGHBOUR_UNKNOWN', `no neighbour with the number ${unknown} lets itself be seen here`)
        }
        await choosePartners(database, account, { name, preferred: wanted, since: Math.floor(Date.now() / 1000) })
        return { status: 200, body: presentPartnerChoices(await choicesOf(own, account)) }
      },
    }),
  ]
}

function presentPartner({ shown, zone, levels, energyWh }: ToldPartner, chain: AreaSettings['zones']): PartnerResource {
  const id = shown?.neighbour ?? null
  return {
    who: id === null ? 'others' : id === 'own' ? 'own' : 'neighbour',
    neighbour: typeof id === 'number' ? String(id) : null,
    name: shown?.name ?? null,
    ...{ zone, zoneName: chain[levels]!.name, levels, isRoot: levels === chain.length - 1, energyWh },
  }
}
