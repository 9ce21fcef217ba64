/** An agent as far as pairing goes: a new meter that is offered, and consents once somebody has claimed it. */
import { Wallet } from 'ethers'
import type { PairingOffered, PairingState } from '../../contracts/protocol/pairing.ts'
import { type EscrowDomain, signCompact } from '../../contracts/protocol/typed-data.ts'

interface PairedArea {
  area: number
  intervalSeconds: number
  chain: EscrowDomain
}

export class PairingAgent {
  readonly meter = Wallet.createRandom()
  /** That the meter begins with its next owner. */
  epoch = 1
  readonly #url: string
  readonly #area: PairedArea
  #helloTime = 0

  constructor(serverUrl: string, area: PairedArea) {
    this.#url = `${serverUrl}/api/v1/pairings`
    this.#area = area
  }

  get address(): string {
    return this.meter.address.toLowerCase()
  }

  async offer(): Promise<PairingOffered> {
    const found = {
      name: 'house',
      devices: [{ role: 'grid', profile: 'sunspec', manufacturer: 'Example', model: 'Meter 3', serialNumber: '0815' }],
      ...{ powerW: -1_250, productionW: 1_800, importWh: 812_345, exportWh: 2_170_797 },
      ...{ sells: true, promise: 'once-agreed', sentence: 'What the roof does not use at home can be sold.' },
    }
    return (await this.#post('', { area: this.#area.area, hello: await this.#hello(), found })) as PairingOffered
  }

  /** Consents if the meter is claimed and has not yet; says how things stand. */
  async go(): Promise<PairingState['state']> {
    const state = (await this.#post('/state', { area: this.#area.area, hello: await this.#hello() })) as PairingState
    if (state.state !== 'claimed') return state.state
    const { account, rules, intervalSeconds } = state
    const now = Math.floor(Date.now() / 1000)
    const time = (Math.floor(now / intervalSeconds) + 1) * intervalSeconds
    const consent = { validFrom: time, deadline: now + 3_600 }
    const epochStart = { epoch: this.epoch, time, importWh: 0, exportWh: 0 }
    const whole = { meter: this.address, account, rules }
    const { chain } = this.#area
    await this.#post('/consent', {
      ...{ area: this.#area.area, hello: await this.#hello(), account, rules },
      consent: {
        ...consent,
        signature: await signCompact(this.meter, chain, 'MeterConsent', { ...whole, ...consent }),
      },
      epochStart: {
        ...epochStart,
        signature: await signCompact(this.meter, chain, 'EpochStart', { ...whole, ...epochStart }),
      },
    })
    return 'consented'
  }

  async #hello() {
    // An announcement is good for one offer: each has a second of its own.
    this.#helloTime = Math.max(Math.floor(Date.now() / 1000), this.#helloTime + 1)
    const value = { meter: this.address, time: this.#helloTime }
    return { ...value, signature: await signCompact(this.meter, this.#area.chain, 'AgentHello', value) }
  }

  async #post(path: string, body: unknown): Promise<unknown> {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${this.#url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(await answer.text())
    return answer.status === 204 ? null : answer.json()
  }
}
