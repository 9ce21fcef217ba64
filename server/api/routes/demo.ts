/** The demo's people with their keys, which exist on its own chain only, and its fast sun. */
import { z } from 'zod'
import { type DemoFacts, demoDaySchema, demoPersonSchema } from '../demo-resources.ts'
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
  ]
}

function factsOf(demo: DemoFacts | null): DemoFacts {
  if (demo === null) throw new ApiError('DEMO_ONLY', 'this server is not the demo')
  return demo
}
