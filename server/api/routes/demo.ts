/** The demo's people with their keys; they exist on its own chain only. */
import { z } from 'zod'
import type { ApiParts } from '../parts.ts'
import { ApiError } from '../problem.ts'
import { demoPersonSchema } from '../resources.ts'
import { type Route, route } from '../route.ts'

export function demoRoutes({ demoPeople }: ApiParts): Route[] {
  return [
    route({
      id: 'listDemoPeople',
      method: 'get',
      path: '/demo/people',
      tag: 'Demo',
      summary: 'The people of the simulated street, with keys that are worth nothing elsewhere',
      answers: { 200: z.array(demoPersonSchema) },
      async handle() {
        if (demoPeople === null) throw new ApiError('DEMO_ONLY', 'this server is not the demo')
        return { status: 200, body: demoPeople }
      },
    }),
  ]
}
