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
  if (request.mode === 'navigate' && !/^\/(api|docs|openapi\.json)/.test(pathname))
    event.respondWith(newestPage(request))
  else if (pathname.startsWith('/assets/')) event.respondWith(keptPart(request))
})

/** The page as the server has it now, and as it was last only where the server cannot be reached. */
async function newestPage(request) {
  const cache = await caches.open(shell)
  try {
    const answer = await fetch(request)
    if (answer.ok) await cache.put('/', answer.clone())
    return answer
  } catch (error) {
    const kept = await cache.match('/')
    if (kept === undefined) throw error
    return kept
  }
}

/** A part's name holds the hash of what is in it, so a kept one is never old. */
async function keptPart(request) {
  const cache = await caches.open(shell)
  const kept = await cache.match(request)
  if (kept !== undefined) return kept
  const answer = await fetch(request)
  if (answer.ok) {
    await cache.put(request, answer.clone())
    const names = await cache.keys()
    const parts = names.filter(({ url }) => url.includes('/assets/'))
    await Promise.all(parts.slice(0, Math.max(0, parts.length - mostParts)).map((old) => cache.delete(old)))
  }
  return answer
}

/** A notice leads to the page that showed it, or opens it. */
self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  const open = self.clients.matchAll({ type: 'window' })
  event.waitUntil(open.then(([page]) => (page === undefined ? self.clients.openWindow('/account') : page.focus())))
})
