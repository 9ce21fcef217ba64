/** The page's types of the API are what the server's routes say; `npm run api:types` writes them anew. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { apiRoutes } from '../../server/api/app.ts'
import type { ApiParts } from '../../server/api/parts.ts'
import { operationTypes, type SchemaPlace } from './operation-types.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const files = [
  { file: 'web/api/reads.ts', methods: { get: 'Gets' } },
  { file: 'web/api/writes.ts', methods: { post: 'Posts', delete: 'Deletes' } },
]

/** The schemas that the API's modules export, and where. */
async function exportedSchemas(): Promise<Map<unknown, SchemaPlace>> {
  const found = new Map<unknown, SchemaPlace>()
  for (const module of readdirSync(`${root}server/api`).filter((name) =>
    /^(.*resources|signed-requests|joining)\.ts$/.test(name),
  )) {
    for (const [name, value] of Object.entries(await import(`../../server/api/${module.replace('.ts', '')}.ts`))) {
      if (value instanceof z.ZodType) found.set(value, { name, module: `../../server/api/${module}` })
    }
  }
  return found
}

it.each(files)('$file is what the routes say', async ({ file, methods }) => {
  // The routes are read here and never run, so the server that they belong to has nothing but an empty list of areas.
  const server = { origins: [], areas: { get: () => undefined, all: () => [] } } as Partial<ApiParts> as ApiParts
  const types = operationTypes(apiRoutes(server), methods, await exportedSchemas())
  const biome = `${root}node_modules/.bin/biome`
  const command = ['check', '--write', `--stdin-file-path=${root}${file}`]
  const formatted = execFileSync(biome, command, { cwd: root, input: types, encoding: 'utf8' })
  if (process.env.WRITE_DOCS) writeFileSync(root + file, formatted)
  expect(readFileSync(root + file, 'utf8'), 'run "npm run api:types"').toBe(formatted)
})
