/**
 * Lets a flat without an agent join as a home with one does: the metering operator's key of its point is offered under a code, the owner
 * enters the code on the page, and the key consents and begins its epoch. Nothing is installed in the flat.
 */
import type { Wallet } from 'ethers'
import type { PairingOffered, PairingState } from '../../contracts/protocol/pairing.ts'
import { parseAddress, signCompact } from '../../contracts/protocol/typed-data.ts'
import { postAsMeter } from '../api-client.ts'
import type { AreaSettings } from '../areas/settings.ts'

export interface PointOffer {
  serverUrl: string
  settings: Pick<AreaSettings, 'area' | 'chain'>
  /** The key of the point, as `keyOfPoint` makes it. */
  key: Wallet
  point: string
  /** The epoch that the meter begins: 1, or one more than that of its last seat. */
  epoch: number
  /** Whether energy can be fed in there; a flat only draws. */
  feedsIn: boolean
  nowMs: () => number
  sleep: (ms: number) => Promise<unknown>
  /** Shows the code and its link; again when there is a new one. */
  show: (offered: PairingOffered) => void
}

const pollMs = 2_000
/** An offer is made again before its code expires. */
const renewMs = 240_000
const monthSeconds = 30 * 86_400

/** Resolves with the account once its seat is open. Rejects with `ApiClientError` where the server refuses. */
export async function offerPoint(offer: PointOffer): Promise<string> {
  const { serverUrl, settings, nowMs, sleep, show } = offer
  let shown = ''
  for (let renewedMs = Number.NEGATIVE_INFINITY; ; ) {
    if (nowMs() - renewedMs > renewMs) {
      renewedMs = nowMs()
      const offered = await postAsMeter<PairingOffered>(serverUrl, '/pairings', {
        ...(await asked(offer)),
        found: foundIn(offer),
      })
      if (offered.code !== shown) show(offered)
      shown = offered.code
    }
    const state = await postAsMeter<PairingState>(serverUrl, '/pairings/state', await asked(offer))
    if (state.state === 'opened') return state.account
    if (state.state === 'claimed') await consent(offer, state)
    if (state.state === 'none') renewedMs = Number.NEGATIVE_INFINITY
    await sleep(pollMs)
  }

  async function consent(
    { key, epoch }: PointOffer,
    { account, rules, intervalSeconds }: Extract<PairingState, { account: string }>,
  ): Promise<void> {
    const asking = { account, rules, intervalSeconds, epoch, nowMs: nowMs() }
    await postAsMeter(serverUrl, '/pairings/consent', {
      ...(await asked(offer)),
      ...{ account, rules },
      ...(await consentOfPoint(key, settings.chain, asking)),
    })
  }
}

/** What the key of a point signs for its owner: its consent, and where its registers begin: at 0, with the next boundary. */
export async function consentOfPoint(
  key: Wallet,
  chain: AreaSettings['chain'],
  asking: { account: string; rules: string; intervalSeconds: number; epoch: number; nowMs: number },
) {
  const { account, rules, intervalSeconds, epoch, nowMs } = asking
  const meter = parseAddress(key.address)
  // Values of the intervals after it count.
  const time = (Math.floor(nowMs / 1000 / intervalSeconds) + 1) * intervalSeconds
  const promise = { meter, account, rules, validFrom: time, deadline: time + 2 * monthSeconds }
  const begun = { account, rules, meter, epoch, time, importWh: 0, exportWh: 0 }
  return {
    consent: {
      ...{ validFrom: promise.validFrom, deadline: promise.deadline },
      signature: await signCompact(key, chain, 'MeterConsent', promise),
    },
    epochStart: {
      ...{ epoch, time, importWh: 0, exportWh: 0 },
      signature: await signCompact(key, chain, 'EpochStart', begun),
    },
  }
}

/** What an offer begins with: which area it is for, and a signature that shows that the key is present now. */
async function asked({ settings: { area, chain }, key, nowMs }: PointOffer) {
  const value = { meter: parseAddress(key.address), time: Math.floor(nowMs() / 1000) }
  return { area, hello: { ...value, signature: await signCompact(key, chain, 'AgentHello', value) } }
}

function foundIn({ point, feedsIn }: PointOffer) {
  return {
    ...{ name: point, devices: [], powerW: null, productionW: null, importWh: null, exportWh: null },
    sells: feedsIn,
    promise: 'read-by-operator' as const,
    sentence: 'The metering operator reads this meter: its values count once they arrive, mostly on the next day.',
  }
}
