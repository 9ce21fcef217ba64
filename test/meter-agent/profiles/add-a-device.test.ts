/** The guide to a new device, followed by the test. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkProfile, type ProfileData } from '../../../meter-agent/profiles/profile.ts'
import { ProfileReader } from '../../../meter-agent/profiles/profile-device.ts'
import { patience, RegisterTable, registersOf } from '../modbus/register-table.ts'

const guide = readFileSync(new URL('../../../docs/add-a-device.md', import.meta.url), 'utf8')

/** The first code block of this language in the guide. */
function codeBlock(language: string): string {
  return new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(guide)![1]!
}

/** The value of the module's one export. */
function exported(module: string): ProfileData {
  const value = module.slice(module.indexOf('ProfileData =') + 'ProfileData ='.length)
  return new Function(`return (${value})`)()
}

describe('docs/add-a-device.md', () => {
  it('shows a map that reads its own fixture', async () => {
    const profile = checkProfile(exported(codeBlock('ts')))
    const { unit, functionCode, registers, expected } = JSON.parse(codeBlock('json'))
    const source = new RegisterTable(registersOf(registers), { functionCodes: [functionCode] })
    const sample = await new ProfileReader({ source, profile, unit, gridUnit: null, patience }).poll()
    expect(sample.reading).toEqual(expected.reading)
    expect(sample.device).toEqual(expected.device)
    for (const side of ['import', 'export', 'production'] as const) {
      const counter = sample.counters[side]
      expect(counter?.verified ?? null).toBe(expected.verified[side])
      expect(counter && Number(counter.resolutionMilliWh) / 1000).toBe(expected.resolutionWh[side])
    }
  })
})
