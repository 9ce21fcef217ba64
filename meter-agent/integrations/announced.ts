/**
 * What was told to a broker that keeps it: without a memory of it, a meter that left the configuration would stay in other
 * software for ever. A file in the agent's data folder, replaced in one step; one that cannot be read is none.
 */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'

const announcedSchema = z.object({
  /** The broker it was told to; another one knows nothing of it. */
  broker: z.string(),
  /** What was told of each meter, by its address. */
  meters: z.record(z.string(), z.object({ topics: z.array(z.string()), values: z.array(z.string()) })),
})
export type Announced = z.infer<typeof announcedSchema>

/** What this broker was told before. */
export async function readAnnounced(file: string, broker: string): Promise<Announced['meters']> {
  try {
    const announced = announcedSchema.parse(JSON.parse(await readFile(file, 'utf8')))
    return announced.broker === broker ? announced.meters : {}
  } catch {
    // There is none, or it was damaged: then nothing can be taken back.
    return {}
  }
}

/** Says why it could not be written; `null` where it was. */
export async function writeAnnounced(file: string, announced: Announced): Promise<string | null> {
  try {
    await writeFile(`${file}.new`, JSON.stringify(announced), { mode: 0o600 })
    await rename(`${file}.new`, file)
    return null
  } catch (error) {
    return (error as Error).message
  }
}
