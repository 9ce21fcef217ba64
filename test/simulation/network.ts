/** The way between homes and servers: slow at times, and what is asked or answered may be lost or come twice. */
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Server } from './server.ts'

/** Whoever asks waits this long for an answer. */
const patienceMs = 8_000

export class Network {
  /** Chance that a message is lost. */
  loss = 0
  /** Chance that a question arrives twice. */
  repetition = 0
  private readonly scheduler: Scheduler
  private readonly random: Random

  constructor(scheduler: Scheduler, random: Random) {
    this.scheduler = scheduler
    this.random = random
  }

  /** Asks a server something; rejects where no answer comes back. */
  ask<Answer>(server: Server, question: () => Promise<Answer>): Promise<Answer> {
    const { scheduler, random } = this
    const { machine } = server
    return new Promise((resolve, reject) => {
      let isOver = false
      const end = (how: () => void) => {
        if (!isOver) how()
        isOver = true
      }
      scheduler.after(patienceMs, () => end(() => reject(new Error('no answer'))))
      const travel = (arrive: () => void) => {
        if (!random.chance(this.loss)) scheduler.after(random.between(5, 400), arrive)
      }
      const arrive = () => {
        if (machine.isDead || machine !== server.machine)
          return travel(() => end(() => reject(new Error('connection refused'))))
        machine.hear(() => {
          question().then(
            (answer) => travel(() => end(() => resolve(answer))),
            (error) => travel(() => end(() => reject(error))),
          )
        })
      }
      travel(arrive)
      if (random.chance(this.repetition)) travel(arrive)
    })
  }
}
