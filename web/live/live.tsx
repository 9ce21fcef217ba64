/** The socket that keeps the page's data current: each event renews what the queries hold. */
import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, use, useEffect, useState } from 'react'
import { io, type Socket } from 'socket.io-client'
import type { LiveToPage } from '../../server/api/live-resources.ts'
import type { PageToLive } from '../../server/api/signed-requests.ts'
import { applyAgreement } from '../agreements/queries.ts'
import { applyForwardBook, applyForwardOrder, applyForwardTrade } from '../forward/queries.ts'
import { applyBatch, applyInterval, applySeat, applySeatInterval, applyTelemetry } from './apply.ts'
import { back, heard, lost, type PageConnection, renewed } from './connection.ts'

/**
 * The state at the start. A device without a network shows this at once, even where the page was opened from the device's own
 * copy.
 */
function firstConnection(): PageConnection {
  return navigator.onLine ? { state: 'connecting' } : { state: 'lost', sinceMs: Date.now(), isOffline: true }
}

/** After a refusal the page waits so long before it tries to connect again, in milliseconds. */
const refusedPauseMs = 3_000

const ConnectionContext = createContext<PageConnection>({ state: 'connecting' })

/** Whether live events arrive. */
export function useConnection(): PageConnection {
  return use(ConnectionContext)
}

interface LiveProviderProps {
  area: number | undefined
  /** The account whose session receives private events. */
  account: string | undefined
  children: ReactNode
}

export function LiveProvider({ area, account, children }: LiveProviderProps) {
  const queries = useQueryClient()
  const [connection, setConnection] = useState<PageConnection>(firstConnection)

  useEffect(() => {
    if (area === undefined) return
    const socket: Socket<LiveToPage, PageToLive> = io('/live', {
      forceNew: true,
      auth: account === undefined ? {} : { account },
      reconnectionDelayMax: 5000,
    })
    /** Whether the page holds anything that may have changed while no event came. */
    let hasMissed = !navigator.onLine
    const missing = () => {
      hasMissed = true
      setConnection((before) => lost(before, Date.now(), !navigator.onLine))
    }
    // The socket alone would notice a lost network only once a heartbeat is missing.
    const online = () => {
      socket.disconnect()
      socket.connect()
    }
    window.addEventListener('offline', missing)
    window.addEventListener('online', online)
    let hasSignedIn = false
    let isOver = false
    let timer: ReturnType<typeof setTimeout> | undefined
    /**
     * socket.io does not try again by itself after a refusal. The first is answered by a new session, where that is what is missing; more
     * would be opened without end in a browser that keeps no cookies.
     */
    const refused = async (code: string | undefined) => {
      if (code === 'SESSION_NEEDED' && !hasSignedIn) {
        hasSignedIn = true
        await queries.invalidateQueries({ queryKey: ['session'] })
      }
      if (isOver) return
      clearTimeout(timer)
      timer = setTimeout(() => socket.connect(), refusedPauseMs)
    }
    socket.on('connect', () => {
      hasSignedIn = false
      socket.emit('watch', area, () => {})
      const backMs = Date.now()
      setConnection((before) => back(before, backMs))
      const fetched = hasMissed ? renewAll(queries) : Promise.resolve()
      void fetched.then(() => setConnection((before) => renewed(before, backMs, Date.now())))
      hasMissed = true
    })
    socket.io.on('ping', () => setConnection((before) => heard(before, Date.now())))
    socket.on('disconnect', (reason) => {
      if (reason === 'io client disconnect') return
      missing()
      // The server ended the connection, for example at its shutdown. Then socket.io does not connect again by itself.
      if (reason === 'io server disconnect') socket.connect()
    })
    socket.on('connect_error', (error) => {
      missing()
      if (!socket.active) void refused((error as Error & { data?: { code?: string } }).data?.code)
    })
    socket.on('interval', (interval) => applyInterval(queries, interval))
    socket.on('batch', (batch) => applyBatch(queries, batch))
    socket.on('forwardBook', (change) => applyForwardBook(queries, change))
    socket.on('forwardTrade', (trade) => applyForwardTrade(queries, trade))
    if (account !== undefined) {
      socket.on('seat', (seat) => applySeat(queries, account, seat))
      socket.on('seatInterval', (interval) => applySeatInterval(queries, account, interval))
      socket.on('agreement', (agreement) => applyAgreement(queries, account, agreement))
      socket.on('forwardOrder', (order) => applyForwardOrder(queries, account, order))
      socket.on('notice', () => void queries.invalidateQueries({ queryKey: ['notices', account] }))
      socket.on('telemetry', (telemetry) => applyTelemetry(queries, account, telemetry))
    }
    return () => {
      window.removeEventListener('offline', missing)
      window.removeEventListener('online', online)
      isOver = true
      clearTimeout(timer)
      socket.close()
    }
  }, [area, account, queries])

  return <ConnectionContext value={connection}>{children}</ConnectionContext>
}

/** Fetches again everything that may have changed while the socket was away. */
function renewAll(queries: QueryClient): Promise<void> {
  return queries.invalidateQueries({
    predicate: (query) => !['session', 'people', 'day'].includes(query.queryKey[0] as string),
  })
}
