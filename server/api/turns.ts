/** Answers that take the server long: how many one asker may wait for at a time, and ask for in a minute. */
import { createAllowance } from './allowance.ts'
import { ApiError } from './problem.ts'

/** A page waits for three at once, and is open in a few tabs. */
const mostAtOnce = 8
/** A click asks for one; a clerk who saves the documents of a month one by one takes some seconds for each. */
const mostPerMinute = 120

export interface Turns {
  /**
   * Does what `who` (an account, or a network) asks. It is under way until it has ended, also where nobody waits for it any longer,
   * and until `sent` has: what is read slowly lies in memory. Rejects with `TOO_MANY_REQUESTS` where too much of the same asker is.
   */
  take<Answer>(who: string, work: () => Promise<Answer>, sent?: (answer: Answer) => Promise<void>): Promise<Answer>
}

export function createTurns(): Turns {
  const allowance = createAllowance({ mostPerMinute, done: 'one account or address may ask for what takes long' })
  const underWay = new Map<string, number>()
  return {
    async take(who, work, sent = async () => {}) {
      const own = underWay.get(who) ?? 0
      if (own >= mostAtOnce) {
        const message = `wait for one of the ${mostAtOnce} answers that take long and are under way`
        throw new ApiError('TOO_MANY_REQUESTS', message, { retryAfterSeconds: 1 })
      }
      allowance.use(who, Date.now())
      underWay.set(who, own + 1)
      const end = () => {
        const left = underWay.get(who)! - 1
        if (left > 0) underWay.set(who, left)
        else underWay.delete(who)
      }
      try {
        const answer = await work()
        void sent(answer).finally(end)
        return answer
      } catch (error) {
        end()
        throw error
      }
    },
  }
}
