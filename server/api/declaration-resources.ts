/** The JSON of what an area's grid operator declared, and of what it has yet to declare. */
import { z } from 'zod'
import { declarationKinds } from '../market/area/declarations.ts'
import { hex32Form, uint32 } from '../settlement/signed-forms.ts'

const time = z.iso.datetime()

/** How energy is priced that the grid operator or a key gives out; null where the market does. */
export const sharingSchema = z.object({
  price: z.enum(['fixed', 'by-time', 'exchange', 'auction']),
  waitSeconds: z.number().meta({ description: 'How long a batch waits for what the grid operator declares' }),
})

export const declarationSchema = z
  .object({
    area: uint32,
    /** The declaration's EIP-712 digest. */
    declaration: hex32Form,
    arrival: z.int().meta({ description: 'Names it in the area, as outcomes of intervals do' }),
    kind: z.enum(declarationKinds),
    start: time,
    end: time,
    version: uint32,
    /** SHA-256 of the file or series that the grid operator keeps. */
    evidence: hex32Form,
    acceptedAt: time,
    countsFrom: time.meta({ description: 'In earlier intervals nothing moves for it: they were final when it came' }),
  })
  .meta({ id: 'Declaration' })
export type DeclarationResource = z.infer<typeof declarationSchema>

/** Intervals with a provisional result whose batch waits for what the grid operator allocated in them. */
export const awaitedSchema = z
  .object({
    area: uint32,
    intervals: z.array(time).meta({ description: 'The oldest of them, at most 500' }),
  })
  .meta({ id: 'AwaitedDeclarations' })
