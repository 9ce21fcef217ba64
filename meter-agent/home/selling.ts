/** Whether a home sells what it feeds in, and if not, why: one sentence, the same in `status`, on the local page and for other software. */
import type { AgentStatus, MeterStatus } from './status.ts'

/**
 * `sells`: what is fed in is for sale. `buys`: nothing is fed in that is counted. `waits`: it will sell by itself. `stopped`: somebody
 * has to do something first.
 */
export const sellingStates = ['sells', 'buys', 'waits', 'stopped'] as const

export interface Selling {
  state: (typeof sellingStates)[number]
  sentence: string
}

const interruptions: Partial<Record<MeterStatus['reasons'][number], string>> = {
  gap: 'its meter was not read for a while',
  first: 'its meter was first read after the interval had begun',
  clock: 'the clock was set',
  reset: 'a counter began anew',
  frozen: 'a counter stands still while power flows',
  implausible: 'a counter showed what cannot be',
  coarse: 'its meter counts in too large steps',
}

/** What is true of one meter of a running agent. The first reason that holds is told: those before hide those after. */
export function sellingOf(meter: MeterStatus, { connected, clock }: Pick<AgentStatus, 'connected' | 'clock'>): Selling {
  const stopped = (why: string): Selling => ({ state: 'stopped', sentence: `This home does not sell: ${why}.` })
  const waits = (why: string): Selling => ({ state: 'waits', sentence: `This home does not sell yet: ${why}.` })
  const grid = meter.devices[0]!
  const { registers, reasons } = meter

  if (meter.held !== null) return stopped(meter.held)
  if (grid.online === false)
    return stopped(`its meter does not answer (${withoutStop(grid.error ?? 'no reason known')})`)
  if (grid.online === null) return waits('its meter has not been read so far')
  if (!clock.trusted) return waits('neither the server nor the system has confirmed the computer’s clock')
  if (reasons.includes('device-changed')) {
    return stopped('another device answers in its meter’s place; "commonwatt-agent enrol" begins a new epoch with it')
  }
  if (registers.importWh === null && registers.exportWh === null) {
    return stopped('its device counts nothing at the grid connection; the notes of "commonwatt-agent status" say why')
  }
  if (meter.contradicted) return stopped('the counters and the power of its meter tell different stories')
  if (!connected) return waits('the server cannot be reached; what is measured is kept until it can')
  if (!meter.welcome) return waits(withoutStop(meter.server))
  if (registers.exportWh === null) {
    return { state: 'buys', sentence: 'This home buys and does not sell: its meter does not count what is fed in.' }
  }
  return sellingOfExport(meter, { stopped, waits })
}

function sellingOfExport(
  { proven, confirmed, counting, reasons, registers }: MeterStatus,
  { stopped, waits }: Record<'stopped' | 'waits', (why: string) => Selling>,
): Selling {
  if (reasons.includes('unverified') && (confirmed || proven.export)) {
    if (counting === 'per-phase') {
      return stopped('its meter counts each phase by itself, and nobody has said that the utility’s meter does, too')
    }
    return confirmed || proven.import
      ? stopped(
          'its device or its register map is not confirmed; the notes of "commonwatt-agent status" say what is missing',
        )
      : waits(
          'this interval is left out because power has not confirmed the counter of what is taken from the grid so far',
        )
  }
  if (!proven.export && !confirmed) {
    if (registers.exportWh === 0 && proven.import) {
      return { state: 'buys', sentence: 'This home buys; nothing has been fed in so far that could be sold.' }
    }
    return waits('what is fed in is for sale once its counter and the power have agreed, or its owner has confirmed it')
  }
  const interruption = reasons.map((reason) => interruptions[reason]).find((words) => words !== undefined)
  if (interruption === undefined) return { state: 'sells', sentence: 'This home sells what it feeds in.' }
  return reasons.includes('coarse') ? stopped(interruption) : waits(`this interval is left out because ${interruption}`)
}

function withoutStop(text: string): string {
  return text.replace(/[.\s]+$/, '')
}
