/** The files in this folder are shown in the documents; here they are run as shown. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runCommonwatt } from '../market/run-commonwatt.ts'

const example = (name: string) => fileURLToPath(new URL(name, import.meta.url))

test('commonwatt clear auction.json prints auction-result.json, on one line', async () => {
  const result: unknown = JSON.parse(await readFile(example('auction-result.json'), 'utf8'))
  const run = await runCommonwatt(['clear', example('auction.json')])
  expect(run).toEqual({ status: 0, stderr: '', stdout: `${JSON.stringify(result)}\n` })
})

test('commonwatt replay order-journal.jsonl prints order-journal-events.jsonl', async () => {
  const run = await runCommonwatt(['replay', example('order-journal.jsonl')])
  expect(run).toEqual({ status: 0, stderr: '', stdout: await readFile(example('order-journal-events.jsonl'), 'utf8') })
})

test('commonwatt clear --check accepts the example’s result', async () => {
  const run = await runCommonwatt(['clear', '--check', example('auction-result.json'), example('auction.json')])
  expect(run).toEqual({ status: 0, stderr: '', stdout: '{"right":true}\n' })
})
