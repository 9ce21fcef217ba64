/** Starts the page. */
import { notifyManager, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode, useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { ProblemError } from './api/client.ts'
import { part } from './api/part.ts'
import { Shell } from './page/shell.tsx'
import { VisitorProvider } from './session/session.tsx'
import { useLanguage } from './words/language.ts'
import './style/base.css'
import './style/page.css'
import './style/people.css'
import './style/numbers.css'
import './style/charts.css'
import './style/seat.css'
import './style/forced-colors.css'
import './style/print.css'

/** A session that is refused within this time after it began does not make the page sign in again, in milliseconds. */
const signInPauseMs = 10_000

// A button that was pressed is busy before the next press comes; by a timer it would be busy one press too late.
notifyManager.setScheduler(queueMicrotask)

const queries = new QueryClient({
  queryCache: new QueryCache({
    // When the server no longer knows a session, for example after it was set up anew, the page signs in again.
    onError: (error) => {
      if (!(error instanceof ProblemError && error.status === 401)) return
      void queries.resetQueries({
        queryKey: ['session'],
        predicate: ({ state }) => Date.now() - state.dataUpdatedAt > signInPauseMs,
      })
    },
  }),
  defaultOptions: {
    // A request that cannot be sent now fails now: nothing that somebody signed waits for the network and is
    // sent later without a question.
    mutations: { networkMode: 'always' },
    queries: {
      // Live events keep the data current. A request that the server refused would be refused again.
      staleTime: 30_000,
      refetchOnWindowFocus: true,
      retry: (failures, error) =>
        failures < 3 && !(error instanceof ProblemError && error.status >= 400 && error.status < 500),
    },
  },
})

/** Draws the whole page anew when the language changes, so that no part of the page has to know that there are several. */
function Page() {
  const language = useLanguage()
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  return <Shell key={language} />
}

const root = document.getElementById('root')!
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <VisitorProvider>
        <Page />
      </VisitorProvider>
    </QueryClientProvider>
  </StrictMode>,
)

// The page can be used before this part is there.
void part(() => import('./page/kept-focus.ts'))
  .then(({ keepFocus }) => keepFocus(root))
  .catch(() => {})
// Where a browser has no service worker or refuses it, the page works as before, but needs the network to open.
if (import.meta.env.PROD) void navigator.serviceWorker?.register('/service-worker.js').catch(() => {})
