/** Sign-in with Ethereum (EIP-4361): nonce, signed message, a token for programs and a cookie for our page. */
import type { Request } from 'express'
import { z } from 'zod'
import type { Address } from '../../../contracts/protocol/typed-data.ts'
import { closeSession, openSession, sessionId } from '../../accounts/sessions.ts'
import type { SignIn } from '../../accounts/sign-in.ts'
import { deleteSessionOf, sessionsOfAccount } from '../../store/account-store.ts'
import { createAllowance } from '../allowance.ts'
import type { ApiParts } from '../parts.ts'
import { ApiError } from '../problem.ts'
import { type Route, route } from '../route.ts'
import { endedCookie, sessionCookie, shownSession } from '../session-cookie.ts'
import { currentSessionSchema, listedSessionSchema, nonceSchema, sessionSchema } from '../session-resources.ts'
import { signInSchema } from '../signed-requests.ts'

const tag = 'Session'
/** Sign-ins per minute from one address: each costs the recovery of a signature. */
const mostPerMinute = 120
/** Sessions of an account that are shown. */
const mostListed = 100

export function sessionRoutes({ database, senderOf }: ApiParts, signIn: SignIn): Route[] {
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
      summary:
        'Opens a session for the account that signed the message: a token to send as Authorization: Bearer, or for our own page a cookie',
      body: signInSchema,
      answers: { 201: sessionSchema },
      async handle({ body, network, request }) {
        const now = new Date()
        allowance.use(network, now.getTime())
        const account = await signIn.verify(body, now)
        const session = await openSession(database, account, now, clientOf(request.get('user-agent')))
        const { token, expiresAt } = session
        const known = { account, expiresAt: expiresAt.toISOString() }
        const origin = request.get('origin')
        if (body.cookie !== true || origin === undefined || senderOf(request) !== 'own') {
          return { status: 201, body: { token, ...known } }
        }
        request.res!.append('Set-Cookie', sessionCookie(origin, session))
        return { status: 201, body: known }
      },
    }),
    route({
      id: 'getSession',
      method: 'get',
      path: '/session',
      tag,
      summary: 'The session of the token that is sent',
      private: true,
      answers: { 200: currentSessionSchema },
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
      async handle({ request, session }) {
        const { account } = await session()
        await closeSession(database, shownSession(request)!.token)
        leaveNothing(request, account)
        return { status: 204, body: null }
      },
    }),
    route({
      id: 'getSessions',
      method: 'get',
      path: '/sessions',
      tag,
      summary: 'The open sessions of the account, the newest first',
      private: true,
      answers: { 200: z.object({ items: z.array(listedSessionSchema) }) },
      async handle({ request, session }) {
        const { account } = await session()
        const own = sessionId(shownSession(request)!.token)
        const open = await sessionsOfAccount(database, { account, now: new Date(), limit: mostListed })
        const items = open.map(({ id, openedAt, expiresAt, client }) => ({
          ...{ id, client, isThis: id === own },
          ...{ openedAt: openedAt.toISOString(), expiresAt: expiresAt.toISOString() },
        }))
        return { status: 200, body: { items } }
      },
    }),
    route({
      id: 'endSession',
      method: 'delete',
      path: '/sessions/:id',
      tag,
      summary: 'Ends one of the account’s sessions; what it was watching is let go within seconds',
      private: true,
      params: z.object({ id: z.string().regex(/^[0-9a-f]{16}$/, 'the id of a session') }),
      answers: { 204: null },
      async handle({ params: { id }, request, session }) {
        const { account } = await session()
        if (await deleteSessionOf(database, { account, id })) {
          if (id === sessionId(shownSession(request)!.token)) leaveNothing(request, account)
          return { status: 204, body: null }
        }
        throw new ApiError('SESSION_UNKNOWN', `the account has no open session ${id}`)
      },
    }),
  ]
}

/** A browser that signs out forgets its cookie, and what it has cached of the account: whoever uses it next finds nothing. */
function leaveNothing(request: Request, account: Address): void {
  const origin = request.get('origin')
  if (origin === undefined) return
  request.res!.append('Set-Cookie', endedCookie(origin, account))
  request.res!.set('Clear-Site-Data', '"cache"')
}

/** The first of each that the text names; programs that call themselves something else are programs. */
const browsers = { Edg: 'Edge', OPR: 'Opera', Firefox: 'Firefox', Chrome: 'Chrome', Safari: 'Safari' }
const systems = {
  Android: 'Android',
  iPhone: 'an iPhone',
  iPad: 'an iPad',
  Windows: 'Windows',
  Mac: 'a Mac',
  Linux: 'Linux',
}

/** `Firefox on Linux`, from what a browser says of itself: no more of that is kept. */
function clientOf(userAgent = ''): string {
  const named = (names: Record<string, string>) => Object.entries(names).find(([word]) => userAgent.includes(word))?.[1]
  const browser = named(browsers)
  const system = named(systems)
  return browser === undefined ? 'a program' : system === undefined ? browser : `${browser} on ${system}`
}
