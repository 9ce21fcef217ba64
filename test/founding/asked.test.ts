/** What `commonwatt found` asks somebody at a terminal, and what it takes for an answer. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import pty from '@lydell/node-pty'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { questions } from '../../server/founding/answers.ts'
import { builtProgram } from '../built.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'commonwatt-asked-'))
})
afterAll(() => rmSync(root, { recursive: true }))

/** Types the answers to the questions that begin so, one after the other where one is asked again, and nothing to all others; gives all that was shown. */
function found(folder: string, answers: Record<string, string[]>): Promise<string> {
  const terminal = pty.spawn(process.execPath, [builtProgram('commonwatt'), 'found', folder], {
    cwd: root,
    cols: 1_000,
  })
  let [shown, unanswered] = ['', '']
  terminal.onData((text) => {
    shown += text
    unanswered += text
    // It waits where the cursor stands behind the brackets.
    if (!stripVTControlCharacters(unanswered).endsWith('] ')) return
    const asked = Object.keys(answers).find((question) => unanswered.includes(question))
    unanswered = ''
    terminal.write(`${asked === undefined ? '' : (answers[asked]!.shift() ?? '')}\r`)
  })
  return new Promise((resolve) => terminal.onExit(() => resolve(shown)))
}

test('asks each question, again where the answer is none, with advice, and takes nothing for the default', async () => {
  const shown = await found('sunfield', {
    'What is the community called?': ['Sunfield'],
    'What does a kWh from the supplier cost?': ['0,35', '0.35'],
    'Names of the feeders': ['north,south'],
    'How often is the money settled?': ['20m', '12h'],
  })
  for (const mistake of ['write a price per kWh like 0.30', 'it must be whole intervals'])
    expect(shown).toContain(mistake)
  for (const { asks, advice = '', applies } of questions) {
    if (applies?.({ feeders: 'north,south', allocation: 'market' }) === false) expect(shown).not.toContain(asks)
    else expect([shown.includes(asks), shown.includes(advice)], asks).toEqual([true, true])
  }
  expect(shown).toContain('What comes next, in that folder:')
  const area = JSON.parse(readFileSync(join(root, 'sunfield/area.json'), 'utf8'))
  expect(area).toMatchObject({
    ...{ name: 'Sunfield', retailPerKwh: '0.35', feedInPerKwh: '0.08', graceSeconds: 600 },
    rules: { intervalSeconds: 900, batchSeconds: 43_200, confirmation: 'everybody' },
  })
  expect(area.zones.map(({ zone }: { zone: string }) => zone)).toEqual(['transformer', 'north', 'south'])
})
