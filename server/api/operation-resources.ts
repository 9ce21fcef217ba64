/** The JSON of how a server works for an area, as the area's operator is told. */
import { z } from 'zod'
import { uint32 } from '../settlement/signed-forms.ts'

const address = z.string()
const time = z.iso.datetime()

/** What is not as it should be, by what it concerns. */
const troubleCodes = [
  'area-not-ready',
  'operator-other',
  'chain-trouble',
  'chain-silent',
  'chain-unread',
  'chain-old',
  'gas-short',
  'watchers-late',
  'behind-chain',
  'database-silent',
] as const

const troubleSchema = z.object({
  code: z.enum(troubleCodes),
  sentence: z.string().meta({ description: 'As `/readyz` says it' }),
  seconds: z.int().nullable().meta({ description: 'For how many seconds it has been so, where that is known' }),
  address: address.nullable().meta({ description: 'Of the key that it is about' }),
})

/** A trouble, and the area or chain that has it; neither where it is the whole server’s. */
export type ServerTrouble = z.infer<typeof troubleSchema> & { area: number | null; chainId: number | null }

const spentSchema = z.object({
  transactions: z.int().meta({ description: 'Number of transactions' }),
  gas: z.int().meta({ description: 'The most gas that they may use, as they were signed' }),
})

const offerSchema = z
  .object({ to: address, from: time.meta({ description: 'From when on it can be accepted' }) })
  .nullable()

export const operationSchema = z
  .object({
    area: uint32,
    /** What keeps the server from its work for this area; nothing where the list is empty. */
    troubles: z.array(troubleSchema),
    /** Why the next batch cannot be settled; null while nothing is in its way. Watchers who are waited for are in nobody’s way. */
    heldUp: z.object({ code: z.string(), sentence: z.string(), since: time }).nullable(),
    /** The newest block that was read; null before the first one. */
    head: z.object({ block: z.int().meta({ description: 'Number of the block' }), time }).nullable(),
    /** The keys that pay for gas; empty until the node has been asked. */
    keys: z.array(
      z.object({
        address,
        does: z.enum(['settles', 'relays']),
        coins: z.string().meta({ description: 'Coins of the chain, of 10¹⁸ wei each, decimal' }),
        gasLeft: z
          .string()
          .nullable()
          .meta({ description: 'Gas that it can pay at the price of now; null where gas is free' }),
      }),
    ),
    /** What was paid for people in the last 24 hours, in all areas of the server, and the most that is; null where nothing is relayed. */
    relay: z
      .object({
        spent: z.object({ grid: spentSchema, all: spentSchema }),
        most: z.object({ account: spentSchema, grid: spentSchema, all: spentSchema }),
      })
      .nullable(),
    offices: z.object({
      /** The key with which this server settles. */
      settlesAs: address,
      operatorOffer: offerSchema,
      gridOffer: offerSchema,
      /** From when on the successor that the rules name may claim the grid operator’s office; null where they name nobody. */
      successionFrom: time.nullable(),
    }),
  })
  .meta({ id: 'Operation' })
export type OperationResource = z.infer<typeof operationSchema>
