/** Every route that the server has is documented, and every documented operation is a route that the server has. */
import type { Express, Router } from 'express'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { areaInput } from '../../server/api/paging.ts'
import { ask, type Street, startStreet } from './street.ts'

let street: Street
beforeAll(async () => {
  street = await startStreet()
})
afterAll(() => street.stop())

/** What operators and browsers ask for and no client of the API: the state and the document itself. */
const beside = ['GET /healthz', 'GET /openapi.json', 'GET /readyz']

interface Parameter {
  in: string
  required: boolean
  schema: { type?: string | string[] }
}

/** The routes of an application and of the routers in it, as `METHOD /path/:name`; `bases` says where routers are mounted. */
function routesOf(router: Express | Router, base: string, bases: readonly string[]): string[] {
  const stack = 'router' in router ? (router as Express).router.stack : (router as Router).stack
  const waiting = [...bases]
  return stack.flatMap(({ route, handle }) => {
    if (route) return Object.keys(methodsOf(route)).map((method) => `${method.toUpperCase()} ${base}${route.path}`)
    return 'stack' in handle ? routesOf(handle as unknown as Router, `${base}${waiting.shift()}`, []) : []
  })
}

const methodsOf = (route: object) => (route as { methods: Record<string, boolean> }).methods

test('routes and document are the same', async () => {
  const mounted = routesOf(street.app, '', ['/docs', '/api/v1']).filter((each) => !each.includes(' /docs/'))
  const { body } = await ask(street, 'GET', '/openapi.json')
  const documented = Object.entries<object>(body.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  )
  expect(documented.length).toBeGreaterThan(20)
  expect(mounted.toSorted()).toEqual([...documented, ...beside].toSorted())
})

test('a pattern is what JSON Schema reads: a regular expression without flags behind it', async () => {
  const { body } = await ask(street, 'GET', '/openapi.json')
  const patterns = [...JSON.stringify(body).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(([, text]) =>
    JSON.parse(text!),
  )
  expect(patterns.length).toBeGreaterThan(20)
  expect(patterns.filter((pattern) => /\/[a-z]+$/.test(pattern))).toEqual([])
  for (const pattern of patterns) expect(() => new RegExp(pattern, 'u'), pattern).not.toThrow()
})

test('what fills a path in is required, and nothing in a path or query can be null', async () => {
  const { body } = await ask(street, 'GET', '/openapi.json')
  const parameters = Object.entries<Record<string, { parameters?: Parameter[] }>>(body.paths).flatMap(
    ([path, operations]) =>
      Object.values(operations).flatMap(({ parameters = [] }) => parameters.map((each) => ({ path, ...each }))),
  )
  expect(parameters.length).toBeGreaterThan(100)
  expect(parameters.filter((each) => each.in === 'path' && !each.required)).toEqual([])
  expect(parameters.filter(({ schema }) => [schema.type].flat().includes('null'))).toEqual([])
})

test('an area that is not named is missing, not 0', () => {
  expect([undefined, null, '', 'x', '-1', '1.5'].filter((text) => areaInput.safeParse(text).success)).toEqual([])
  expect(['0', '4294967295'].map((text) => areaInput.parse(text))).toEqual([0, 0xffff_ffff])
})

test('a documented operation is there to be called', async () => {
  const { body } = await ask(street, 'GET', '/openapi.json')
  for (const [path, operations] of Object.entries<object>(body.paths)) {
    for (const method of Object.keys(operations)) {
      const reply = await ask(street, method.toUpperCase(), path.replaceAll(/\{\w+\}/g, '1'))
      expect([method, path, reply.body?.code]).not.toContain('ROUTE_UNKNOWN')
    }
  }
})
