// Keeps the shell of the page for a device without a network: the document and the parts that were loaded. Prices, readings and money
// are never kept, so that what the page shows is either live or said to be old.
const shell = 'commonwatt-shell'
/** The newest parts that are kept; a release has fewer. */
const mostParts = 150

self.addEventListener('install', () => self.skipWaiting())

self.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== self.location.origin) return
  if (request.mode === 'navigate' && !/^\/(api|docs|openapi\.json)/.test(pathname)) event.respondWith(newestPage(event))
  else if (pathname.startsWith('/assets/')) event.respondWith(keptPart(event))
})

/** The page as the server has it now, and as it was last only where the server cannot be reached. */
async function newestPage(event) {
  try {
    const answer = await fetch(event.request)
    keep(event, '/', answer)
    return answer
  } catch (error) {
    const kept = await keptAt('/')
    if (kept === undefined) throw error
    return kept
  }
}

/** A part's name holds the hash of what is in it, so a kept one is never old. */
async function keptPart(event) {
  const kept = await keptAt(event.request)
  if (kept !== undefined) return kept
  const answer = await fetch(event.request)
  keep(event, event.request, answer)
  return answer
}

/** What was kept of it; where nothing can be kept, nothing was. */
async function keptAt(place) {
  try {
    return await (await caches.open(shell)).match(place)
  } catch {
    return undefined
  }
}

/**
 * Keeps a copy beside the answer, which waits for none of it: neither for the last byte on a slow line, nor for a disk. A cache looks
 * nothing up while it writes, so it is given what has come wholly. A device without room keeps nothing and shows the page all the same.
 */
function keep(event, place, answer) {
  if (!answer.ok) return
  const { status, statusText, headers } = answer
  const whole = answer.clone().arrayBuffer()
  const kept = whole.then(async (body) => {
    const cache = await caches.open(shell)
    await cache.put(place, new Response(body, { status, statusText, headers }))
    const names = await cache.keys()
    const parts = names.filter(({ url }) => url.includes('/assets/'))
    await Promise.all(parts.slice(0, Math.max(0, parts.length - mostParts)).map((old) => cache.delete(old)))
  })
  event.waitUntil(kept.catch(() => {}))
}

/** A notice leads to the page that showed it, or opens it. */
self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  const open = self.clients.matchAll({ type: 'window' })
  event.waitUntil(open.then(([page]) => (page === undefined ? self.clients.openWindow('/account') : page.focus())))
})
