/** The JSON of what everybody may know of an area's watchers. */
import { z } from 'zod'
import { refusalReasons } from '../../contracts/protocol/batch.ts'
import { hex32Form, uint32 } from '../settlement/signed-forms.ts'

const address = z.string()
const time = z.iso.datetime()

/** Who must compute each batch of an area themselves; nobody where the list is empty. */
export const watchersSchema = z
  .object({
    area: uint32,
    keys: z.array(address),
    quorum: z.int().meta({ description: 'How many of them must sign a batch' }),
    /** The batch that waits for them. */
    waiting: z
      .object({
        start: time,
        end: time,
        /** The header that they sign. */
        header: hex32Form,
        since: time,
        /** From when on it settles without them; null until the escrow has been told of it. */
        settlesFrom: time.nullable(),
        /** What was said of it: a signature, or why there is none. */
        words: z.array(
          z.object({ watcher: address, reason: z.enum(refusalReasons).nullable(), sentence: z.string().nullable() }),
        ),
      })
      .nullable(),
  })
  .meta({ id: 'Watchers' })
export type WatchersResource = z.infer<typeof watchersSchema>
