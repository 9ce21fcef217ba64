/** Bugs that can be planted in a simulation: each has to turn it red. */

export const plantedBugs = [
  /** Anybody may append to the journal. */
  'no fence',
  /** A row's number must be free, but what stands before it is not looked at. */
  'no chain check',
  /** What changes nothing is answered without a look at the journal. */
  'no proof',
  /** Answers do not wait for the database. */
  'answer before commit',
  /** The machine's clock is believed, whatever others say. */
  'one clock',
] as const
export type PlantedBug = (typeof plantedBugs)[number]
