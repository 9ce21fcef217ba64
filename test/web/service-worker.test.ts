/** What the page keeps for a device without a network, and that nobody waits for the keeping. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'

const origin = 'https://street.example'
const program = readFileSync(join(import.meta.dirname, '../../web/public/service-worker.js'), 'utf8')

interface Worker {
  /** What a page gets that asks for the path, and what the worker still does afterwards. */
  ask(path: string, mode?: string): { answer: Promise<Response>; after: () => Promise<unknown> }
  kept: Map<string, Response>
}

/** A worker whose network and whose cache do as they are told. */
function worker(parts: { network: (url: string) => Promise<Response>; put?: () => Promise<void> }): Worker {
  const kept = new Map<string, Response>()
  const nameOf = (place: string | { url: string }) =>
    new URL(typeof place === 'string' ? place : place.url, origin).href
  const cache = {
    match: async (place: string | { url: string }) => kept.get(nameOf(place))?.clone(),
    put: async (place: string | { url: string }, answer: Response) => {
      await parts.put?.()
      kept.set(nameOf(place), answer)
    },
    keys: async () => [...kept.keys()].map((url) => ({ url })),
    delete: async (place: { url: string }) => kept.delete(nameOf(place)),
  }
  const listeners = new Map<string, (event: unknown) => void>()
  const self = {
    location: { origin },
    addEventListener: (name: string, does: (event: unknown) => void) => listeners.set(name, does),
  }
  const fetch = ({ url }: { url: string }) => parts.network(url)
  runInNewContext(program, { self, fetch, caches: { open: async () => cache }, URL, Response })
  return {
    kept,
    ask(path, mode = 'cors') {
      let answer = Promise.reject<Response>(new Error('the worker leaves it to the browser'))
      answer.catch(() => {})
      const waits: Promise<unknown>[] = []
      listeners.get('fetch')!({
        request: { url: origin + path, method: 'GET', mode },
        respondWith: (given: Promise<Response>) => {
          answer = given
        },
        waitUntil: (work: Promise<unknown>) => waits.push(work),
      })
      return { answer, after: () => Promise.all(waits) }
    },
  }
}

const text = async (asked: { answer: Promise<Response> }) => (await asked.answer).text()

describe('a part of the page', () => {
  it('is given before it is kept, and even where it never can be', async () => {
    const network = async () => new Response('script')
    const slow = worker({ network, put: () => new Promise(() => {}) })
    expect(await text(slow.ask('/assets/a.js'))).toBe('script')
    const full = worker({ network, put: () => Promise.reject(new Error('no room')) })
    const asked = full.ask('/assets/a.js')
    expect(await text(asked)).toBe('script')
    await asked.after()
  })

  it('begins before its last byte has come', async () => {
    const network = async () =>
      new Response(new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array([65])) }))
    const { body } = await worker({ network }).ask('/assets/a.js').answer
    expect((await body!.getReader().read()).value).toEqual(new Uint8Array([65]))
  })

  it('is fetched once', async () => {
    let fetched = 0
    const { ask } = worker({ network: async () => new Response(`script ${++fetched}`) })
    const first = ask('/assets/a.js')
    expect(await text(first)).toBe('script 1')
    await first.after()
    expect(await text(ask('/assets/a.js'))).toBe('script 1')
  })
})

describe('the page', () => {
  it('is the newest one, and the last one only without a network', async () => {
    let isOffline = false
    const network = async () => {
      if (isOffline) throw new TypeError('no network')
      return new Response('page')
    }
    const { ask } = worker({ network })
    isOffline = true
    await expect(ask('/account', 'navigate').answer).rejects.toThrow('no network')
    isOffline = false
    const opened = ask('/account', 'navigate')
    expect(await text(opened)).toBe('page')
    await opened.after()
    isOffline = true
    expect(await text(ask('/people/anna', 'navigate'))).toBe('page')
  })

  it('is kept as it was where the server is in trouble, and values are never kept', async () => {
    const trouble = worker({ network: async () => new Response('no', { status: 503 }) })
    const asked = trouble.ask('/', 'navigate')
    await asked.answer
    await asked.after()
    expect(trouble.kept.size).toBe(0)
    await expect(trouble.ask('/api/v1/areas').answer).rejects.toThrow('leaves it to the browser')
  })
})
