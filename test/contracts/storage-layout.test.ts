/**
 * Where the escrow keeps what. Its two halves share one storage, so both must lay it out alike; and whoever reads slots from
 * outside (access lists, provers) relies on the places that `storage-layout.json` pins. UPDATE_LAYOUT=1 writes that file.
 */
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { forgeRoot } from '../../contracts/build/forge.js'

interface Place {
  label: string
  slot: string
  offset: number
  type: string
}
interface Layout {
  storage: Place[]
  types: Record<string, { members?: Place[] }> | null
}

const pinned = join(import.meta.dirname, 'storage-layout.json')
const solc = createRequire(import.meta.url)('solc') as {
  compile(input: string, callbacks: { import(path: string): { contents: string } | { error: string } }): string
}

/** The type's name without the compiler's own numbers, which change with every edit. */
const nameOf = (type: string) => type.replaceAll(/\)\d+/g, ')')

function layoutOf(name: string): Record<string, string> {
  const file = `contracts/src/${name}.sol`
  const input = {
    language: 'Solidity',
    sources: { [file]: { content: readFileSync(join(forgeRoot, file), 'utf8') } },
    settings: {
      remappings: ['@openzeppelin/=node_modules/@openzeppelin/'],
      outputSelection: { [file]: { [name]: ['storageLayout'] } },
    },
  }
  const read = (path: string) => {
    try {
      return { contents: readFileSync(join(forgeRoot, path), 'utf8') }
    } catch (error) {
      return { error: (error as Error).message }
    }
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: read })) as {
    contracts: Record<string, Record<string, { storageLayout: Layout }>>
  }
  const { storage, types } = output.contracts[file]![name]!.storageLayout
  const places = storage.map(({ label, slot, offset, type }) => [label, `${slot}+${offset} ${nameOf(type)}`])
  const members = Object.entries(types ?? {}).flatMap(([type, { members = [] }]) =>
    members.map(({ label, slot, offset, type: own }) => [
      `${nameOf(type)}.${label}`,
      `${slot}+${offset} ${nameOf(own)}`,
    ]),
  )
  return Object.fromEntries([...places, ...members].sort(([a], [b]) => (a! < b! ? -1 : 1)))
}

test('both halves of the escrow lay out one storage, as it is pinned', async () => {
  const escrow = layoutOf('Escrow')
  expect(layoutOf('Registry')).toEqual(escrow)
  if (process.env.UPDATE_LAYOUT) await writeFile(pinned, `${JSON.stringify(escrow, null, 2)}\n`)
  expect(JSON.parse(await readFile(pinned, 'utf8'))).toEqual(escrow)
})
