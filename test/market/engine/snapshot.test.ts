/** A state comes back from its snapshot unchanged. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { decodeCommand, encode } from '../../../server/market/engine/codec.ts'
import { apply } from '../../../server/market/engine/engine.ts'
import { decodeState, encodeState } from '../../../server/market/engine/snapshot.ts'
import { emptyState } from '../../../server/market/engine/state.ts'

/** A state in which most things have happened. */
function busyState() {
  const state = emptyState()
  const journal = readFileSync(join(import.meta.dirname, 'version-1.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
  for (const text of journal.slice(0, 60)) apply(state, decodeCommand(text))
  return state
}

it('a state is read back as it was, fields, maps and large amounts in their order', () => {
  const state = busyState()
  state.seats.values().next().value!.chain.balance = 2n ** 70n
  const text = encodeState(state)
  const read = decodeState(text)
  expect(read).toEqual(state)
  expect(encodeState(read)).toBe(text)
  expect(encode(read as never)).toBe(encode(state as never))
})

it('a snapshot of the first form, written like a command, is read as well', () => {
  const state = busyState()
  const first = encode(state as never)
  expect(decodeState(first)).toEqual(state)
  expect(encodeState(state).length).toBeLessThan(first.length / 2)
})
