/** The street's cars: each home that has one runs the worked example of docs/tariff.md beside its wallbox. */
import { carProgram } from '../project-files.ts'
import type { Street } from './street.ts'
import type { Kept, Supervisor } from './supervisor.ts'

/** The ports of the wallboxes, by home. */
export function placeCars({ homes }: Street, firstPort: number): Map<string, number> {
  const withCar = homes.filter(({ carKw }) => carKw !== undefined)
  return new Map(withCar.map(({ id }, index) => [id, firstPort + index] as const))
}

/** Starts a program for each car, with the seconds of a street whose days are short. Returns them by name. */
export async function startCars(parts: {
  street: Street
  cars: ReadonlyMap<string, number>
  tariffUrl: string
  supervisor: Supervisor
}): Promise<Map<string, Kept>> {
  const { street, cars, tariffUrl, supervisor } = parts
  const { intervalSeconds } = street.area.rules
  const started = new Map<string, Kept>()
  for (const { id, zone } of street.homes) {
    const port = cars.get(id)
    if (port === undefined) continue
    const args = [
      ...['--tariff', `${tariffUrl}?zone=${zone}`, '--wallbox', `127.0.0.1:${port}`],
      ...['--every', `${intervalSeconds / 2}`, '--hold', `${2 * intervalSeconds}`],
    ]
    started.set(`car-${id}`, await supervisor.start({ name: `car-${id}`, script: carProgram, args }))
  }
  return started
}
