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
    other.unheard.push(cloned(message))
    this.machine.after(0, () => other.listener(other.unheard.shift()))
  }

  close(): void {
    this.listener = () => {}
  }
}

const plain: ReadonlySet<string> = new Set(['undefined', 'boolean', 'number', 'bigint', 'string'])

/** Values that can never change any more: to share one is as good as to copy it. */
const unchanging = new WeakSet<object>()

/** Freezes a plain value with all that it holds, so that messages need not copy it. */
export function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  for (const part of Object.values(value)) frozen(part)
  unchanging.add(Object.freeze(value))
  return value
}

/** What `structuredClone` makes of a value, several times faster for the plain objects and lists that messages are made of. */
function cloned<Value>(value: Value): Value {
  if (value === null || plain.has(typeof value) || unchanging.has(value as object)) return value
  if (Array.isArray(value)) return value.map(cloned) as Value
  // As it crosses a thread, or throws.
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return structuredClone(value)
  const copy = {} as Value
  for (const name in value) copy[name] = cloned(value[name])
  return copy
}
