/** The events of a commit by their kind, each with the command that it follows from, as the projections read them. */
import type { Journaled } from '../areas/area-store.ts'
import type { Command, Event, EventOf, MeterReading } from '../market/area/area.ts'

export interface ToldEvent<Type extends Event['type']> {
  event: EventOf<Type>
  command: Command
  /** The number of the command in the journal. */
  sequence: number
  /** Place among all events of the commit. */
  place: number
  /** What a reading's answer and a suspension are about; of other events null. */
  reading: MeterReading | null
}

/** Each follows the answer to its reading. */
const aboutReadings: ReadonlySet<Event['type']> = new Set(['reading', 'meter-suspended'])

export class ToldEvents {
  private readonly byType = new Map<Event['type'], ToldEvent<Event['type']>[]>()

  constructor(journaled: readonly Journaled[]) {
    let place = 0
    for (const { command, events, sequence } of journaled) {
      const readings = readingsOf(command)
      let answered = 0
      for (const event of events) {
        if (event.type === 'reading') answered += 1
        const isAboutReading = aboutReadings.has(event.type)
        const reading = isAboutReading ? (readings[answered - 1] ?? null) : null
        this.add({ event, command, sequence, place, reading })
        place += 1
      }
    }
  }

  /** In the order in which they happened. */
  of<Type extends Event['type']>(type: Type): readonly ToldEvent<Type>[] {
    return (this.byType.get(type) ?? []) as unknown as readonly ToldEvent<Type>[]
  }

  private add(told: ToldEvent<Event['type']>): void {
    const known = this.byType.get(told.event.type)
    if (known === undefined) this.byType.set(told.event.type, [told])
    else known.push(told)
  }
}

/** The readings of a command; the engine answers them in their order. */
export function readingsOf(command: Command): readonly MeterReading[] {
  if (command.type === 'readings') return command.readings
  return command.type === 'late-readings' ? command.readings.map(({ reading }) => reading) : []
}
