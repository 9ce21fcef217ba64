/** A community whose grid operator or key decides the quantities is founded like every other. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { areaSettings } from '../../server/areas/settings.ts'
import { parseDuration } from '../../server/configuration/duration.ts'
import { completeAnswers } from '../../server/founding/answers.ts'
import { foundCommunity } from '../../server/founding/found.ts'
import { escrowFacts } from '../areas/area-file.ts'

test.each([
  ['market', 0, null],
  ['imported', 1, 1_900],
  ['coefficients', 2, 1_900],
] as const)('by %s', (allocation, number, ticks) => {
  const root = mkdtempSync(join(tmpdir(), 'commonwatt-test-'))
  try {
    const answers = completeAnswers({ allocation, feeders: 'north,south' })
    const { folder, files } = foundCommunity(join(root, 'sunfield'), answers)
    const area = files.find((name) => name.startsWith('area'))!
    const withdrawalDelaySeconds = parseDuration(answers.withdrawalDelay!)
    const settings = areaSettings(JSON.parse(readFileSync(join(folder, area), 'utf8')), {
      ...escrowFacts,
      withdrawalDelaySeconds,
    })
    expect(settings.rules.allocation).toBe(number)
    const price = ticks === null ? null : { type: 'fixed', ticks }
    expect(settings.sharing).toEqual(price && { price, waitMs: 86_400_000 })
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})
