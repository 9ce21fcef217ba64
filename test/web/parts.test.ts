/** Whatever part of the page is fetched later says in plain words that it could not be. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../../web')
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))

it('is fetched by `part` or `later`', () => {
  const bare = files.flatMap((file) => {
    const code = readFileSync(join(root, file), 'utf8')
    return [...code.matchAll(/(?<!(?:part|later|awaited)\(\(\) => )\bimport\('[^']+'\)/g)].map(
      ([found]) => `${file}: ${found}`,
    )
  })
  expect(bare).toEqual([])
})

it('is shown by `later`, so that what could not be fetched takes nothing along', () => {
  const bare = files.filter(
    (file) => file !== join('page', 'later.tsx') && /\blazy\(/.test(readFileSync(join(root, file), 'utf8')),
  )
  expect(bare).toEqual([])
})

it('asks in no act by a query, which would wait for a network and go on by itself', () => {
  const waiting = files.filter((file) =>
    /\b(fetchQuery|ensureQueryData)\(/.test(readFileSync(join(root, file), 'utf8')),
  )
  expect(waiting).toEqual([])
})
