/** The demo's watchers: three of them, two of whom the street's rules want for every batch, each a program of its own. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { foundStreet } from '../../server/demo/community.ts'
import { demoStreet } from '../../server/demo/demo-street.ts'
import type { Program, Supervisor } from '../../server/demo/supervisor.ts'
import { startWatcher } from '../../server/demo/watchers.ts'
import { scratchFolder } from './scratch-folder.ts'

test('the street of `npm start` wants two of three watchers, and each runs with its own key and folder', async () => {
  const folder = scratchFolder()
  const { watchers } = foundStreet(demoStreet, folder)
  const keys = watchers.map(({ wallet }) => wallet.address.toLowerCase())
  expect(new Set(keys).size).toBe(3)
  const { rules } = JSON.parse(readFileSync(join(folder, 'community', 'area.json'), 'utf8'))
  expect(rules.watchers).toEqual({ keys: [...keys].sort(), quorum: 2 })

  const started: Program[] = []
  const supervisor = { start: async (program: Program) => void started.push(program) } as unknown as Supervisor
  const settings = { area: 7, chain: { escrow: `0x${'e5'.repeat(20)}` } } as never
  const places = { serverUrl: 'http://127.0.0.1:1', rpcUrl: 'http://127.0.0.1:2', settings, firstBlock: 3 }
  for (const watcher of watchers) await startWatcher(watcher, { supervisor, dataFolder: folder, ...places })
  expect(started.map(({ name }) => name)).toEqual(['watcher-1', 'watcher-2', 'watcher-3'])
  const given = (option: string) => started.map(({ args }) => args![args!.indexOf(option) + 1])
  expect(started.every(({ args }) => args![0] === 'watch')).toBe(true)
  expect(given('--key-file')).toEqual(watchers.map(({ keyFile }) => keyFile))
  expect(given('--data-folder')).toEqual(watchers.map(({ name }) => join(folder, 'watchers', name)))
})
