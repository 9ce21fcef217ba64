/**
 * Flats of the house beside the street that visitors move into. Nothing is installed there: the metering operator offers the flat's point
 * under a code, as `commonwatt offer-point` does, and its values settle. A flat that somebody has left is for the next visitor, with the
 * same meter: its new owner's place begins where the former one's ends.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Wallet } from 'ethers'
import { z } from 'zod'
import { keyOfPoint } from '../official/metering-keys.ts'
import type { PointOffer } from '../official/offer-point.ts'
import { saveDurably } from './durable-file.ts'
import { DemoError } from './error.ts'
import { codeWithinMs, type Guests, lifeMs, look, lookedAfterEveryMs, pairMinutes, unusedMs } from './guests.ts'
import type { VacantFlat } from './street.ts'
import type { Log } from './supervisor.ts'
import { turnstile } from './turnstile.ts'

/** What others do for whoever moves in, each as for everybody else in the house. */
export interface FlatOffice {
  /** The metering operator offers the point; resolves with the account once its seat is open. */
  offer(offer: Pick<PointOffer, 'key' | 'point' | 'epoch' | 'sleep' | 'show'>): Promise<string>
  /** The epoch that the meter begins with its next seat. */
  nextEpoch(meter: string): Promise<number>
  /** Tokens for the account, to buy with. */
  give(account: string, deposit: string): Promise<void>
  /** Says that these flats' points belong to members, beside those of the house's own homes. */
  takeRoster(flats: readonly VacantFlat[]): Promise<void>
  /** The grid operator confirms the flat's meter, which the account has brought; false while it does not wait for that. */
  confirm(account: string, flat: VacantFlat): Promise<boolean>
  /** Whether the account's seat with the meter has closed. */
  hasLeft(account: string, meter: string): Promise<boolean>
}

export interface FlatParts {
  flats: readonly VacantFlat[]
  dataFolder: string
  /** The metering operator's key. */
  wallet: Pick<Wallet, 'privateKey'>
  office: FlatOffice
  log: Log
}

export interface Flats extends Guests {
  /** Those whose meters have a seat, of now or of before: their values count. */
  seated(): VacantFlat[]
}

const keptSchema = z.array(
  z.strictObject({
    id: z.string(),
    hasSeat: z.boolean(),
    /** Who asked for it, and who has moved in; null while nobody has. */
    tenant: z.strictObject({ askedBy: z.string(), account: z.string().nullable(), openedMs: z.number() }).nullable(),
  }),
)

type Tenant = NonNullable<z.output<typeof keptSchema>[number]['tenant']> & {
  /** When somebody last had its page open, as far as this run of the demo knows. */
  watchedMs: number
  code: Promise<string>
}

interface Place {
  flat: VacantFlat
  hasSeat: boolean
  tenant: Tenant | null
}

/** Those whose meters had a seat when the demo was stopped. */
export function seatedBefore({ flats, dataFolder }: Pick<FlatParts, 'flats' | 'dataFolder'>): VacantFlat[] {
  const kept = readKept(dataFolder)
  return flats.filter(({ id }) => kept.some((each) => each.id === id && each.hasSeat))
}

const fileIn = (dataFolder: string) => join(dataFolder, 'flats.json')

function readKept(dataFolder: string): z.output<typeof keptSchema> {
  const file = fileIn(dataFolder)
  return existsSync(file) ? keptSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : []
}

/** Gives flats from now on; whoever moved in before still lives there. */
export function startFlats({ flats, dataFolder, wallet, office, log }: FlatParts): Flats {
  const stopping = new AbortController()
  const { signal } = stopping
  const [inTurn, rosterInTurn] = [turnstile(1), turnstile(1)]
  const kept = new Map(readKept(dataFolder).map((each) => [each.id, each]))
  const places: Place[] = flats.map((flat) => {
    const { hasSeat = false, tenant = null } = kept.get(flat.id) ?? {}
    const stays = tenant !== null && tenant.account !== null
    return { flat, hasSeat, tenant: stays ? { ...tenant, watchedMs: Date.now(), code: Promise.resolve('') } : null }
  })
  const seated = () => places.filter(({ hasSeat }) => hasSeat).map(({ flat }) => flat)

  function save(): Promise<void> {
    const text = places.map(({ flat: { id }, hasSeat, tenant }) => {
      if (tenant === null) return { id, hasSeat, tenant }
      const { askedBy, account, openedMs } = tenant
      return { id, hasSeat, tenant: { askedBy, account, openedMs } }
    })
    return saveDurably(fileIn(dataFolder), JSON.stringify(text, null, 2))
  }

  /** What goes on beside a visitor's request says at the terminal what went wrong. */
  async function tryOut(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!signal.aborted) log(`${what}: ${(error as Error).message}`)
    }
  }

  const meterOf = ({ drawsThrough }: VacantFlat) => keyOfPoint(wallet, drawsThrough)

  /** Lets the metering operator offer the flat's point; gives the first code. */
  function offer(place: Place, tenant: Tenant): Promise<string> {
    const { flat } = place
    const waits = AbortSignal.any([signal, AbortSignal.timeout(pairMinutes * 60_000)])
    return new Promise<string>((resolve, reject) => {
      const offered = async () => {
        const key = meterOf(flat)
        const epoch = await office.nextEpoch(key.address)
        return office.offer({
          ...{ key, epoch, point: flat.drawsThrough },
          sleep: (ms) => delay(ms, undefined, { signal: waits }),
          show({ code }) {
            tenant.code = Promise.resolve(code)
            resolve(code)
          },
        })
      }
      offered().then(
        (account) => tryOut(`${flat.id} has an owner`, () => moveIn(place, tenant, account)),
        (error: Error) => {
          if (!waits.aborted) log(`${flat.id} is offered: ${error.message}`)
          reject(new DemoError('GUEST_REFUSED', 'the metering operator sends no code; try again'))
          return inTurn(() => vacate(place, tenant))
        },
      )
    })
  }

  async function moveIn(place: Place, tenant: Tenant, account: string): Promise<void> {
    const { flat } = place
    await inTurn(() => {
      tenant.account = account
      place.hasSeat = true
      return save()
    })
    await Promise.all([
      tryOut(`${flat.id} gets tokens`, () => office.give(account, flat.deposit)),
      tryOut(`${flat.id} is in the roster`, () => rosterInTurn(() => office.takeRoster(seated()))),
      tryOut(`${flat.id} is confirmed`, () => confirm(account, flat)),
    ])
  }

  /** Its seat takes a moment to be seen; a visitor may also have confirmed it as the operator, on that one's page. */
  async function confirm(account: string, flat: VacantFlat): Promise<void> {
    for (let time = 0; time < look.times && !signal.aborted; time++) {
      if (await office.confirm(account, flat)) return
      await delay(look.everyMs, undefined, { signal }).catch(() => {})
    }
  }

  async function vacate(place: Place, tenant: Tenant): Promise<void> {
    if (place.tenant !== tenant || signal.aborted) return
    place.tenant = null
    await save()
  }

  async function isOver({ flat }: Place, { account, openedMs, watchedMs }: Tenant, nowMs: number): Promise<boolean> {
    if (account === null) return false
    if (nowMs - openedMs > lifeMs || nowMs - watchedMs > unusedMs) return true
    return office.hasLeft(account, meterOf(flat).address)
  }

  async function makeRoom(nowMs: number): Promise<void> {
    for (const place of places) {
      const { tenant, flat } = place
      if (tenant === null) continue
      await tryOut(`${flat.id} is looked after`, async () => {
        if (await isOver(place, tenant, nowMs)) await inTurn(() => vacate(place, tenant))
      })
    }
  }

  const timer = setInterval(() => makeRoom(Date.now()), lookedAfterEveryMs)

  async function take(account: string): Promise<Tenant> {
    const known = places.find(({ tenant }) => tenant?.askedBy === account)?.tenant
    if (known?.account) {
      throw new DemoError('GUEST_REFUSED', 'this account has taken a flat already: it is on its page')
    }
    if (known) return known
    const place = places.find(({ tenant }) => tenant === null)
    if (place === undefined) {
      throw new DemoError(
        'GUEST_REFUSED',
        `all ${places.length} flats of the demo have found somebody; one becomes free as soon as nobody looks at it for an hour`,
      )
    }
    const now = Date.now()
    const tenant: Tenant = { askedBy: account, account: null, openedMs: now, watchedMs: now, code: Promise.resolve('') }
    place.tenant = tenant
    await save()
    tenant.code = offer(place, tenant)
    // Whoever asks for it hears of it.
    tenant.code.catch(() => {})
    return tenant
  }

  return {
    seated,
    free: () => places.filter(({ tenant }) => tenant === null).length,
    watched(accounts) {
      for (const { tenant } of places) if (accounts.includes(tenant?.account ?? '')) tenant!.watchedMs = Date.now()
    },
    makeRoom,
    stop() {
      stopping.abort()
      clearInterval(timer)
    },
    async open(account) {
      // Whoever has just moved out makes room for the next one at once.
      if (places.every(({ tenant }) => tenant !== null)) await makeRoom(Date.now())
      const tenant = await inTurn(() => take(account))
      const late = delay(codeWithinMs, null, { ref: false })
      const code = await Promise.race([tenant.code, late])
      if (code === null)
        throw new DemoError('GUEST_REFUSED', 'the metering operator is slow to send the code; try again')
      return { code }
    },
  }
}
