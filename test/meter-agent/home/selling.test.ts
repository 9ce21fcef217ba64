/** The one sentence that says whether a home sells, and if not, why. */
import { expect, test } from 'vitest'
import { type Selling, sellingOf } from '../../../meter-agent/home/selling.ts'
import type { AgentStatus, MeterStatus } from '../../../meter-agent/home/status.ts'
import { agentStatus, deviceStatus, meterStatus } from '../integrations/agent-status.ts'

type Case = [Partial<MeterStatus>, Partial<AgentStatus>, Selling['state'], RegExp]
const unproven = { import: false, export: false }
const offline = { devices: [deviceStatus({ online: false, error: 'nobody answers.' })] }

const cases: Record<string, Case> = {
  'all is well': [{}, {}, 'sells', /^This home sells what it feeds in\.$/],
  'another agent signs': [{ held: 'this meter goes on elsewhere' }, {}, 'stopped', /: this meter goes on elsewhere\.$/],
  'the meter is silent': [offline, {}, 'stopped', /its meter does not answer \(nobody answers\)\.$/],
  'the meter was not read': [{ devices: [deviceStatus({ online: null })] }, {}, 'waits', /not been read so far\.$/],
  'the clock is doubtful': [
    {},
    { clock: { trusted: false, serverAheadMs: null } },
    'waits',
    /confirmed the computer’s clock/,
  ],
  'another device answers': [{ reasons: ['device-changed'] }, {}, 'stopped', /another device answers/],
  'nothing is counted': [
    { registers: { importWh: null, exportWh: null, productionWh: 5 } },
    {},
    'stopped',
    /counts nothing at the grid connection/,
  ],
  'power contradicts': [{ contradicted: true }, {}, 'stopped', /different stories/],
  'no server': [{}, { connected: false }, 'waits', /what is measured is kept/],
  'the server has no seat': [{ welcome: false, server: 'no seat has it.' }, {}, 'waits', /: no seat has it\.$/],
  'export is not counted': [
    { registers: { importWh: 5, exportWh: null, productionWh: null } },
    {},
    'buys',
    /buys and does not sell: its meter does not count what is fed in/,
  ],
  'nothing was ever fed in': [
    { registers: { importWh: 5, exportWh: 0, productionWh: null }, proven: { import: true, export: false } },
    {},
    'buys',
    /nothing has been fed in so far/,
  ],
  'not proven': [
    { proven: unproven, reasons: ['unverified'] },
    {},
    'waits',
    /once its counter and the power have agreed/,
  ],
  'the owner vouches': [{ proven: unproven, confirmed: true }, {}, 'sells', /sells what it feeds in/],
  'each phase by itself': [
    { reasons: ['unverified'], counting: 'per-phase' },
    {},
    'stopped',
    /counts each phase by itself/,
  ],
  'the map is not confirmed': [{ reasons: ['unverified'] }, {}, 'stopped', /is not confirmed; the notes/],
  'import is not proven': [
    { proven: { import: false, export: true }, reasons: ['unverified'] },
    {},
    'waits',
    /the counter of what is taken from the grid/,
  ],
  'a gap': [{ reasons: ['gap'] }, {}, 'waits', /left out because its meter was not read for a while/],
  'whole kilowatt-hours': [{ reasons: ['coarse'] }, {}, 'stopped', /counts in too large steps\.$/],
  'a counter that wrapped': [{ reasons: ['rollover'] }, {}, 'sells', /sells what it feeds in/],
}

test.each(Object.entries(cases))('%s', (_, [meter, agent, state, sentence]) => {
  const selling = sellingOf(meterStatus(meter), agentStatus(agent))
  expect(selling.state).toBe(state)
  expect(selling.sentence).toMatch(sentence)
  expect(selling.sentence).toMatch(/^This home [^.]*\.$/)
})
