/** A test that runs `dist/` never runs an old one without a word. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { assertBuilt } from './built.ts'

test('what is not built, or older than its sources, is refused with what to do', () => {
  const root = mkdtempSync(join(tmpdir(), 'commonwatt-built-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const check = () => assertBuilt(['commonwatt'], root)
  expect(check).toThrow('nothing is built yet: run `npm run build`')

  mkdirSync(join(root, 'dist'))
  mkdirSync(join(root, 'server'))
  const source = join(root, 'server/cli.ts')
  writeFileSync(source, 'one')
  const hash = createHash('sha256').update('one').digest('hex')
  const record = Object.fromEntries(
    ['commonwatt', 'signature-worker', 'area-thread', 'statement-thread', 'values-thread'].map((part) => [
      part,
      { 'server/cli.ts': hash },
    ]),
  )
  const write = (sources: object) => writeFileSync(join(root, 'dist/sources.json'), JSON.stringify(sources))
  write({ ...record, 'area-thread': undefined })
  expect(check).toThrow('dist/ has an older area-thread')
  write(record)
  check()

  const changed = 'dist/ has an older commonwatt, made before server/cli.ts was changed: run `npm run build`'
  writeFileSync(source, 'two')
  expect(check).toThrow(changed)
  rmSync(source)
  expect(check).toThrow(changed)
  expect(() => assertBuilt(['web'], root)).toThrow(/older web/)
})
