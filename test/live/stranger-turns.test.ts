/** Messages of strangers are looked at one by one, the networks in rotation, and the event loop turns between them. */
import { expect, test } from 'vitest'
import { StrangerTurns } from '../../server/live/stranger-turns.ts'

/** Takes so many turns of a network at once; says what became of each, in the order in which it did. */
function takeAll(turns: StrangerTurns, asked: readonly string[]): { log: string[]; done: Promise<unknown> } {
  const log: string[] = []
  const done = Promise.all(
    asked.map(async (network) => {
      const isTaken = await turns.take(network)
      log.push(isTaken ? network : `${network} refused`)
    }),
  )
  return { log, done }
}

test('a flood of one network takes its turns among those of the others', async () => {
  const { log, done } = takeAll(new StrangerTurns(), [...Array<string>(50).fill('flood'), 'one', 'two'])
  await done
  expect(log.slice(0, 4)).toEqual(['flood', 'one', 'two', 'flood'])
  expect(log).toHaveLength(52)
})

test('the event loop turns between two of them', async () => {
  let turned = 0
  let isOver = false
  const turn = () => {
    turned += 1
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  const { done } = takeAll(new StrangerTurns(), Array<string>(40).fill('flood'))
  await done
  isOver = true
  expect(turned).toBeGreaterThanOrEqual(40)
})

test('where too many wait, whoever has the most of them is refused, and nobody else', async () => {
  const { log, done } = takeAll(new StrangerTurns(), [...Array<string>(300).fill('flood'), 'one', 'two', 'one'])
  await done
  expect(log.filter((said) => said === 'flood refused')).toHaveLength(47)
  expect(log.filter((said) => !said.startsWith('flood'))).toEqual(['one', 'two', 'one'])
})

test('whoever comes later has its turn as well', async () => {
  const turns = new StrangerTurns()
  expect(await turns.take('one')).toBe(true)
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  expect(await turns.take('one')).toBe(true)
})
