/** Numbers as options of the agent's commands. */
import { InvalidArgumentError } from 'commander'

/** Reads an option that is a whole number from 1 to `most`. */
export function wholeNumber(most: number) {
  return (text: string): number => {
    const value = Number(text)
    if (!/^\d{1,10}$/.test(text) || value < 1 || value > most) {
      throw new InvalidArgumentError(`a whole number from 1 to ${most} is needed.`)
    }
    return value
  }
}
