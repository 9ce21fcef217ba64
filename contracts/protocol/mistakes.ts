/** What is wrong with a file or message that does not have its form, in plain words. */
import type { z } from 'zod'

/** More are counted, not told: a file of another kind has them everywhere. */
const mostTold = 8

/** A line for each mistake, "place: what", the first eight of them; the place in front is left out where it is the whole. */
export function mistakesOf({ issues }: z.ZodError): string[] {
  const lines = issues.flatMap((issue): string[] => {
    const place = issue.path.join('.')
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => `${place === '' ? '' : `${place}.`}${key}: has no meaning here`)
    }
    const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
    const what = isMissing ? 'is missing' : issue.message
    return [place === '' ? what : `${place}: ${what}`]
  })
  const more = lines.length - mostTold
  return more > 0 ? [...lines.slice(0, mostTold), `and ${more} more`] : lines
}
