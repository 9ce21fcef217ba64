/** The demo's people with their keys, which exist on its own chain only, its fast sun, and homes for visitors. */
import { z } from 'zod'
import {
  type DemoFacts,
  demoDaySchema,
  demoHomesSchema,
  demoHomeTakenSchema,
  demoHomeWantedSchema,
  demoPersonSchema,
} from '../demo-resources.ts'
import type { ApiParts } from '../parts.ts'
import { ApiError } from '../problem.ts'
import { type Route, route } from '../route.ts'

export function demoRoutes({ demo }: ApiParts): Route[] {
  return [
    route({
      id: 'listDemoPeople',
      method: 'get',
      path: '/demo/people',
      tag: 'Demo',
      summary: 'The people of the simulated street, with keys that are worth nothing elsewhere',
      answers: { 200: z.array(demoPersonSchema) },
      async handle() {
        return { status: 200, body: factsOf(demo).people }
      },
    }),
    route({
      id: 'getDemoDay',
      method: 'get',
      path: '/demo/day',
      tag: 'Demo',
      summary: 'How fast the sun of the simulated street runs: when it was midnight there, and how long a day lasts',
      answers: { 200: demoDaySchema },
      async handle() {
        return { status: 200, body: factsOf(demo).day }
      },
    }),
    route({
      id: 'getDemoHomes',
      method: 'get',
      path: '/demo/homes',
      tag: 'Demo',
      summary: 'How many simulated homes of each area visitors can take for themselves, and how many are left',
      answers: { 200: demoHomesSchema },
      async handle() {
        return { status: 200, body: demoHomesSchema.parse(await askHomes(demo)) }
      },
    }),
    route({
      id: 'takeDemoHome',
      method: 'post',
      path: '/demo/homes',
      tag: 'Demo',
      summary:
        'Gives the account a simulated home, which waits to be paired by its code: one with devices and an agent, or a flat whose meter the metering operator reads',
      private: true,
      body: demoHomeWantedSchema,
      answers: { 201: demoHomeTakenSchema },
      async handle({ session, body: { area } }) {
        const { account } = await session()
        return { status: 201, body: demoHomeTakenSchema.parse(await askHomes(demo, { account, area })) }
      },
    }),
  ]
}

/** Longer than an agent takes to start on a busy machine. */
const homesWithinMs = 40_000

/** Asks the demo that runs this server. Throws `DEMO_ONLY`, and `DEMO_HOME_REFUSED` with its reason. */
async function askHomes(demo: DemoFacts | null, asked?: { account: string; area: number }): Promise<unknown> {
  const { homesUrl } = factsOf(demo)
  if (homesUrl === null) throw new ApiError('DEMO_ONLY', 'this demo gives visitors no homes')
  const init = asked === undefined ? {} : { method: 'POST', body: JSON.stringify(asked) }
  const answer = await fetch(homesUrl, { ...init, signal: AbortSignal.timeout(homesWithinMs) })
  const body = (await answer.json()) as { detail?: string }
  if (answer.status === 409) throw new ApiError('DEMO_HOME_REFUSED', body.detail ?? 'there is no home now')
  if (!answer.ok) throw new Error(`the demo answers ${answer.status}: ${body.detail}`)
  return body
}

const toldEveryMs = 60_000

/** Tells the demo every minute who has a page open: a home that nobody looks at makes room for another visitor. */
export function tellWhoWatches(homesUrl: string, watching: () => readonly string[], everyMs = toldEveryMs): () => void {
  const timer = setInterval(() => {
    // A demo that does not hear it now does so in a minute; only an hour without counts.
    fetch(homesUrl, { method: 'PUT', body: JSON.stringify(watching()) }).catch(() => {})
  }, everyMs)
  return () => clearInterval(timer)
}

function factsOf(demo: DemoFacts | null): DemoFacts {
  if (demo === null) throw new ApiError('DEMO_ONLY', 'this server is not the demo')
  return demo
}
