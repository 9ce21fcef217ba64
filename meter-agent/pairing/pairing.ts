/**
 * Pairing from the home's side: offers the meter to the server, shows the code that comes back, and once an account has claimed
 * the meter signs its consent and the start of its epoch for that account. The messages are those of `contracts/protocol/pairing.ts`.
 */
import { z } from 'zod'
import { CodedError } from '../../contracts/protocol/error.ts'
import {
  type FoundMeter,
  type PairingConsent,
  type PairingOffer,
  type PairingOffered,
  type PairingQuestion,
  pairingCodePattern,
} from '../../contracts/protocol/pairing.ts'
import type { Enrolment, Hello } from '../../contracts/protocol/wire.ts'
import { askServer, type ServerTrust } from '../link/server-http.ts'

/** Stable; people script against it. */
export type PairingErrorCode =
  | 'PAIRING_REFUSED'
  | 'PAIRING_OVERDUE'
  | 'PAIRING_OTHER_ACCOUNT'
  | 'PAIRING_OTHER_RULES'
  | 'PAIRING_ANSWER'

/** Why a pairing came to nothing. The message says what to do. */
export class PairingError extends CodedError<PairingErrorCode> {
  override readonly name = 'PairingError'
}

/** What a person is told while it goes on. */
export type PairingStep =
  | ({ step: 'offered' } & PairingOffered)
  | { step: 'claimed'; account: string }
  | { step: 'consented'; account: string }
  | { step: 'opened'; account: string }
  /** The server cannot be reached now; it is tried again. */
  | { step: 'trouble'; reason: string }

export interface PairingParts {
  serverUrl: string
  trust: ServerTrust
  area: number
  intervalSeconds: number
  /** The account that the configuration names: nobody else may claim the meter. `null` where it names none. */
  account: string | null
  found: () => Promise<FoundMeter>
  hello: (timeSeconds: number) => Hello
  /** Begins the meter's epoch and signs for the account. */
  enrol: (claim: { account: string; rules: string }) => Promise<Enrolment>
  tell: (step: PairingStep) => void
  nowMs: () => number
  pause: (ms: number) => Promise<void>
  /** Given up after this time without a claim. */
  patienceMs: number
}

/** The page is asked this often how things stand. */
const askEveryMs = 2_000
/** New figures are shown, and the code lives on, this often. */
const offerEveryMs = 60_000

const offeredSchema = z.object({
  code: z.string().regex(pairingCodePattern),
  link: z.url({ protocol: /^https?$/ }),
  expiresAt: z.int(),
})
const claimed = {
  account: z.string().regex(/^0x[0-9a-f]{40}$/),
  rules: z.string().regex(/^0x[0-9a-f]{64}$/),
  intervalSeconds: z.int(),
}
const stateSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('none') }),
  z.object({ state: z.literal('offered') }),
  z.object({ state: z.literal('claimed'), ...claimed }),
  z.object({ state: z.literal('consented'), ...claimed }),
  z.object({ state: z.literal('opened'), ...claimed }),
])
const problemSchema = z.object({
  code: z.string().optional(),
  detail: z.string().optional(),
  title: z.string().optional(),
})

/**
 * Pairs one meter; resolves with its account once its seat is open. What fails on the way to the server is tried again.
 * @throws PairingError for what the server refuses, for a claim by another account, and when nobody claims the meter in time
 */
export async function pairMeter(parts: PairingParts): Promise<string> {
  const { tell, nowMs, pause, area, hello } = parts
  const startedMs = nowMs()
  const greeting = () => hello(Math.floor(nowMs() / 1000))
  let offeredAtMs = Number.NEGATIVE_INFINITY
  let code: string | null = null
  let account: string | null = null
  let consented = false
  for (;;) {
    try {
      if (account === null && nowMs() - offeredAtMs >= offerEveryMs) {
        const offer: PairingOffer = { area, hello: greeting(), found: await parts.found() }
        const offered = await ask(parts, '', offer, offeredSchema)
        offeredAtMs = nowMs()
        if (offered.code !== code) tell({ step: 'offered', ...offered })
        code = offered.code
      }
      const question: PairingQuestion = { area, hello: greeting() }
      const state = await ask(parts, '/state', question, stateSchema)
      if (state.state === 'none') offeredAtMs = Number.NEGATIVE_INFINITY
      else if (state.state !== 'offered') {
        if (account !== state.account) tell({ step: 'claimed', account: state.account })
        account = state.account
        assertMeant(parts, state)
        if (state.state === 'opened') {
          tell({ step: 'opened', account })
          return account
        }
        if (state.state === 'claimed') {
          await ask(parts, '/consent', await consentTo(parts, greeting(), state), z.unknown())
          if (!consented) tell({ step: 'consented', account })
          consented = true
        }
      }
    } catch (error) {
      if (error instanceof CodedError) throw error
      tell({ step: 'trouble', reason: (error as Error).message })
    }
    if (account === null && nowMs() - startedMs > parts.patienceMs) {
      throw new PairingError(
        'PAIRING_OVERDUE',
        'nobody entered the code in time: run "commonwatt-agent pair" again when the owner is at the page',
      )
    }
    await pause(askEveryMs)
  }
}

/** The owner named an account beforehand, and this market: nothing else is signed for. */
function assertMeant(
  { account, intervalSeconds }: PairingParts,
  claim: { account: string; intervalSeconds: number },
): void {
  if (account !== null && account !== claim.account) {
    throw new PairingError(
      'PAIRING_OTHER_ACCOUNT',
      `account ${claim.account} claims this meter, but the configuration names ${account}: nothing was signed; correct the one or the other`,
    )
  }
  if (intervalSeconds !== claim.intervalSeconds) {
    throw new PairingError(
      'PAIRING_OTHER_RULES',
      `the area's interval is ${claim.intervalSeconds} s, but the configuration says ${intervalSeconds} s: correct [area] intervalSeconds and pair again`,
    )
  }
}

async function consentTo(
  { area, enrol }: PairingParts,
  hello: Hello,
  claim: { account: string; rules: string },
): Promise<PairingConsent> {
  const { account, rules, consentValidFrom, consentDeadline, consentSignature, epoch, epochSignature } =
    await enrol(claim)
  return {
    area,
    hello,
    account,
    rules,
    consent: { validFrom: consentValidFrom, deadline: consentDeadline, signature: consentSignature },
    epochStart: {
      epoch: epoch.epoch,
      time: epoch.time,
      importWh: epoch.importWh,
      exportWh: epoch.exportWh,
      signature: epochSignature,
    },
  }
}

async function ask<T>(
  { serverUrl, trust }: PairingParts,
  path: string,
  body: unknown,
  schema: z.ZodType<T>,
): Promise<T> {
  const url = new URL(`/api/v1/pairings${path}`, serverUrl)
  const answer = await askServer(url, { body, trust })
  // A server that is busy or restarts says so in the five hundreds, one that is asked too often with 429.
  if (answer.status >= 500 || answer.status === 429)
    throw new Error(`the server answers ${answer.status}: ${detailOf(answer.body)}`)
  if (answer.status >= 400) throw new PairingError('PAIRING_REFUSED', `the server refuses: ${detailOf(answer.body)}`)
  const parsed = schema.safeParse(answer.body)
  if (parsed.success) return parsed.data
  throw new PairingError(
    'PAIRING_ANSWER',
    `${url} answered with something else: is the server older or newer than this agent?`,
  )
}

function detailOf(body: unknown): string {
  const problem = problemSchema.safeParse(body)
  const { code, detail, title } = problem.success ? problem.data : {}
  return detail ?? title ?? code ?? 'no reason given'
}
