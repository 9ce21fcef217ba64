/** Sign-in with Ethereum (EIP-4361): nonce, signed message, bearer token. */
import { closeSession, openSession } from '../../accounts/sessions.ts'
import type { SignIn } from '../../accounts/sign-in.ts'
import { createAllowance } from '../allowance.ts'
import type { ApiParts } from '../parts.ts'
import { nonceSchema, sessionSchema } from '../resources.ts'
import { bearerToken, type Route, route } from '../route.ts'
import { signInSchema } from '../signed-requests.ts'

const tag = 'Session'
/** Sign-ins per minute from one address: each costs the recovery of a signature. */
const mostPerMinute = 120

export function sessionRoutes({ database }: ApiParts, signIn: SignIn): Route[] {
  const allowance = createAllowance({ mostPerMinute, done: 'one may sign in from one address' })
  return [
    route({
      id: 'getNonce',
      method: 'get',
      path: '/session/nonce',
      tag,
      summary: 'A nonce for the next sign-in message; good once and for five minutes',
      answers: { 200: nonceSchema },
      async handle() {
        const { nonce, expiresAt } = signIn.issueNonce(new Date())
        return { status: 200, body: { nonce, expiresAt: expiresAt.toISOString() } }
      },
    }),
    route({
      id: 'signIn',
      method: 'post',
      path: '/session',
      tag,
      summary: 'Opens a session for the account that signed the message; send the token as Authorization: Bearer',
      body: signInSchema,
      answers: { 201: sessionSchema },
      async handle({ body, network }) {
        const now = new Date()
        allowance.use(network, now.getTime())
        const account = await signIn.verify(body, now)
        const { token, expiresAt } = await openSession(database, account, now)
        return { status: 201, body: { token, account, expiresAt: expiresAt.toISOString() } }
      },
    }),
    route({
      id: 'getSession',
      method: 'get',
      path: '/session',
      tag,
      summary: 'The session of the token that is sent',
      private: true,
      answers: { 200: sessionSchema.omit({ token: true }).meta({ id: 'CurrentSession' }) },
      async handle({ session }) {
        const { account, expiresAt } = await session()
        return { status: 200, body: { account, expiresAt: expiresAt.toISOString() } }
      },
    }),
    route({
      id: 'signOut',
      method: 'delete',
      path: '/session',
      tag,
      summary: 'Ends the session',
      private: true,
      answers: { 204: null },
      async handle({ request }) {
        await closeSession(database, bearerToken(request)!)
        return { status: 204, body: null }
      },
    }),
  ]
}
