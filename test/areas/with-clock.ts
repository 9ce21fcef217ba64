/** An area's store whose database has a clock that a test moves. */
import type { AreaStore } from '../../server/areas/area-store.ts'

export function withClock(store: AreaStore, nowMs: () => number): AreaStore {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'nowMs') return async () => nowMs()
      const member = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}
