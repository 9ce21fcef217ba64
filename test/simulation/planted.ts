/** Bugs that can be planted in a simulation: each has to turn it red. Beside each the first seed that found it, where the search begins. */

export const plantedBugs = {
  /** Anybody may append to the journal. */
  'no fence': 2,
  /** A row's number must be free, but what stands before it is not looked at. */
  'no chain check': 39,
  /** What changes nothing is answered without a look at the journal. */
  'no proof': 1,
  /** Answers do not wait for the database. */
  'answer before commit': 1,
  /** The machine's clock is believed, whatever others say. */
  'one clock': 3,
} as const
export type PlantedBug = keyof typeof plantedBugs
