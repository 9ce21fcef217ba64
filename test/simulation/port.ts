/** The two ends of a message port inside one process: what is said at one end is heard at the other, later and in order. */
import type { AreaPort } from '../../server/areas/messages.ts'
import type { Machine } from './machine.ts'

export function portsOf(machine: Machine): [AreaPort, AreaPort] {
  const a = new End(machine)
  const b = new End(machine)
  a.other = b
  b.other = a
  return [a as unknown as AreaPort, b as unknown as AreaPort]
}

class End {
  other: End | null = null
  private readonly machine: Machine
  private listener: (message: unknown) => void = () => {}
  private readonly unheard: unknown[] = []

  constructor(machine: Machine) {
    this.machine = machine
  }

  on(_event: string, listener: (message: unknown) => void): this {
    this.listener = listener
    return this
  }

  postMessage(message: unknown): void {
    const other = this.other!
    // As it crosses a thread: nothing is shared.
    other.unheard.push(structuredClone(message))
    this.machine.after(0, () => other.listener(other.unheard.shift()))
  }

  close(): void {
    this.listener = () => {}
  }
}
