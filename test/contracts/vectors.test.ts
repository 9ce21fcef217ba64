/** The test vectors that TypeScript and Solidity have in common. */
import { readFile, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { type TypedDataName, typedDataNames } from '../../contracts/protocol/typed-data.ts'
import { digestVectors } from './vectors.ts'

const file = new URL('vectors.json', import.meta.url)

test('every structure that is signed has vectors', () => {
  const hashed = new Set<TypedDataName>(['AreaRules'])
  digestVectors(hashed)
  expect([...hashed].sort()).toEqual([...typedDataNames].sort())
})

// `Vectors.t.sol` asserts the same digests in Solidity. To renew the file after a change of a structure: UPDATE_VECTORS=1.
test('the vectors that Solidity checks are the digests made here', async () => {
  const text = `${JSON.stringify(digestVectors(), null, 2)}\n`
  if (process.env.UPDATE_VECTORS) await writeFile(file, text)
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(JSON.parse(text))
})
