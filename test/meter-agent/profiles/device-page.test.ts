/** docs/devices.md says what the register maps say; `npm run docs:devices` writes it anew. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { devicePage } from '../../../meter-agent/profiles/device-page.ts'
import { profiles } from '../../../meter-agent/profiles/families.ts'

const file = fileURLToPath(new URL('../../../docs/devices.md', import.meta.url))

it('docs/devices.md is what the register maps say', () => {
  const page = devicePage(profiles.values())
  if (process.env.WRITE_DOCS) writeFileSync(file, page)
  expect(readFileSync(file, 'utf8'), 'run "npm run docs:devices"').toBe(page)
})

it('every map says how its device is recognised and counts', () => {
  for (const profile of profiles.values()) {
    expect([profile.name, profile.recognition.how.length > 20]).toEqual([profile.name, true])
    const isTold = profile.recognition.own.length > 0 || /^No (code|register)/.test(profile.recognition.how)
    expect([profile.name, isTold]).toEqual([profile.name, true])
  }
})

it('no counter is for sale that one source alone speaks of, unless its maker or a device does', () => {
  const lonely: string[] = []
  for (const { name, reading, points } of profiles.values()) {
    const formulas = [...reading.importWh, ...reading.exportWh].filter(({ verified }) => verified)
    for (const point of formulas.flatMap(({ plus, minus }) => [...plus, ...minus])) {
      const sources = points[point]!.evidence.split(' ')
      const isShownOnly = sources.includes('?')
      const isOwn = sources.includes('v') || sources.includes('D')
      if (!isShownOnly && !isOwn && sources.length < 2) lonely.push(`${name} ${point} (${sources})`)
    }
  }
  expect(lonely).toEqual([])
})
