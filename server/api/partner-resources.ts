/** The JSON of partners: from whom energy came, who took it, and what an account has chosen about it. */
import { z } from 'zod'
import { seatId } from './resources.ts'

const time = z.iso.datetime()
const neighbour = z
  .string()
  .regex(/^[1-9]\d{0,15}$/, 'the number of a neighbour')
  .meta({ description: 'By which a neighbour is known that lets itself be seen; it tells nothing else of it' })

const partnerSchema = z
  .object({
    /** Somebody who lets itself be seen by name, another seat of the account itself, or all others that are as far away. */
    who: z.enum(['neighbour', 'own', 'others']),
    neighbour: neighbour.nullable(),
    name: z.string().nullable(),
    zone: z.string().meta({ description: 'The nearest zone that holds both homes' }),
    zoneName: z.string(),
    levels: z.int().min(0).meta({ description: 'How many zones that one lies above the seat’s own' }),
    isRoot: z.boolean().meta({ description: 'That zone is the whole area' }),
    energyWh: z.int().min(0),
  })
  .meta({ id: 'Partner' })
export type PartnerResource = z.infer<typeof partnerSchema>

const partnersOfSide = z.object({ energyWh: z.int().min(0), partners: z.array(partnerSchema) })

export const partnersSchema = z
  .object({
    seat: seatId,
    /** One answer has room for the newest intervals of what was asked: from here on. */
    from: time,
    to: time,
    bought: partnersOfSide,
    sold: partnersOfSide,
  })
  .meta({ id: 'Partners' })
export type PartnersResource = z.infer<typeof partnersSchema>

/** An account may prefer at most so many neighbours. */
const mostPreferred = 8
/** Letters, figures and signs in any script, and spaces between them. */
const lettersAndSigns = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]+( [\p{L}\p{M}\p{N}\p{P}\p{S}]+)*$/u
const shownName = z
  .string()
  .trim()
  .regex(lettersAndSigns, 'letters, figures, signs and single spaces')
  .max(40)
  // The document takes a pattern's flags for letters of the pattern; JSON Schema has none, and reads every pattern as one of Unicode.
  .meta({ pattern: lettersAndSigns.source })

export const partnerChoiceSchema = z
  .strictObject({
    /** Null: no neighbour sees who it is. */
    name: shownName.nullable(),
    preferred: z.array(neighbour).max(mostPreferred),
  })
  .meta({ id: 'PartnerChoice' })

export const partnerChoicesSchema = z
  .object({
    name: z.string().nullable(),
    preferred: z.array(neighbour),
    mostPreferred: z.int().meta({ description: 'How many neighbours can be preferred' }),
    /** Those who let themselves be seen in the areas in which the account has a seat. */
    neighbours: z.array(z.object({ neighbour, name: z.string() })),
  })
  .meta({ id: 'PartnerChoices' })
export type PartnerChoicesResource = z.infer<typeof partnerChoicesSchema>

export function presentPartnerChoices({
  name,
  preferred,
  neighbours,
}: {
  name: string | null
  preferred: readonly number[]
  neighbours: readonly { id: number; name: string }[]
}): PartnerChoicesResource {
  return {
    name,
    preferred: preferred.map(String),
    mostPreferred,
    neighbours: neighbours.map((each) => ({ neighbour: String(each.id), name: each.name })),
  }
}
