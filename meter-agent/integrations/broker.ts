/**
 * The connection to an MQTT broker: one at a time, made again for ever after growing waits. Nothing waits in a queue for it: what
 * cannot be sent now is not sent, and whoever has something newer sends that. A broker that refuses, hangs, takes nothing or sends
 * without end costs a timer and a small buffer.
 */
import type { Duplex } from 'node:stream'
import type { IClientOptions, MqttClient } from 'mqtt'
import { backOffMs } from '../link/link.ts'

export interface BrokerOptions {
  url: string
  clientId: string
  username: string | undefined
  password: string | undefined
  /** PEM text of the authorities that the broker's certificate is checked by. */
  ca: string | undefined
  /** Published by the broker when this client is gone. */
  will: { topic: string; payload: string }
  events: {
    /** A new connection: nothing of what was sent on an older one may be relied on. */
    connected(): void
    /** Told once, not for each try. */
    disconnected(reason: string): void
  }
  random: () => number
}

export interface Broker {
  readonly connected: boolean
  /** Sends a retained message. Says whether it was handed over; nothing is kept of one that was not. */
  send(topic: string, payload: string): boolean
  /** Sends a retained message and waits until the broker has it; `false` where it has not said so in time. */
  deliver(topic: string, payload: string): Promise<boolean>
  close(): Promise<void>
}

const connectMs = 10_000
const keepAliveSeconds = 30
const longestWaitMs = 60_000
const deliverMs = 5_000
/** A broker that leaves so much unread is hung. */
const mostUnreadBytes = 256 * 1024
/**
 * Nothing is subscribed to: a broker has only short words to say. Some hand on messages unasked; more than so much in a connection's
 * minute, read or still incomplete, is not listened to.
 */
const mostHeardBytes = 256 * 1024
const hearingMs = 60_000

/** Connects, and keeps connecting until closed. */
export async function openBroker(options: BrokerOptions): Promise<Broker> {
  // Loaded only where a broker is configured: a home gateway has little memory.
  const { connect } = await import('mqtt')
  const { url, clientId, username, password, ca, will, events, random } = options
  const clientOptions: IClientOptions = {
    clientId,
    username,
    password,
    ca,
    clean: true,
    keepalive: keepAliveSeconds,
    connectTimeout: connectMs,
    protocolVersion: 4,
    reconnectPeriod: 0,
    queueQoSZero: false,
    timerVariant: 'native',
    will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true },
  }
  let client: MqttClient | null = null
  let failures = 0
  let wait: NodeJS.Timeout | null = null
  let closed = false
  let toldReason: string | null = null

  function open(): void {
    wait = null
    const opened = connect(url, clientOptions)
    client = opened
    let reason = 'the connection ended'
    let heardBytes = 0
    let heardFromMs = performance.now()
    const hear = (chunk: Buffer) => {
      const nowMs = performance.now()
      if (nowMs - heardFromMs > hearingMs) {
        heardFromMs = nowMs
        heardBytes = 0
      }
      heardBytes += chunk.length
      if (heardBytes > mostHeardBytes) drop(opened, 'it sends what nobody asked for')
    }
    const stream = opened.stream as Duplex
    stream.on('data', hear)
    // A message in three steps would be kept until the last of them.
    opened.on('packetreceive', ({ cmd, ...packet }) => {
      if (cmd === 'publish' && 'qos' in packet && packet.qos === 2) drop(opened, 'it sends what nobody asked for')
    })
    opened.on('error', (error) => {
      reason = error.message || ((error as NodeJS.ErrnoException).code ?? 'no reason known')
    })
    opened.on('connect', () => {
      failures = 0
      toldReason = null
      events.connected()
    })
    opened.on('close', () => drop(opened, reason))
  }

  /** Ends a connection and plans the next one. */
  function drop(dropped: MqttClient, reason: string): void {
    if (client !== dropped) return
    client = null
    dropped.end(true)
    if (closed) return
    if (reason !== toldReason) events.disconnected(reason)
    toldReason = reason
    failures += 1
    wait = setTimeout(open, backOffMs(failures, random(), longestWaitMs))
  }

  function ready(): MqttClient | null {
    if (!client?.connected) return null
    const { writableLength = 0 } = client.stream as { writableLength?: number }
    if (writableLength <= mostUnreadBytes) return client
    drop(client, 'it takes no more messages')
    return null
  }

  function deliver(topic: string, payload: string): Promise<boolean> {
    const to = ready()
    if (!to) return Promise.resolve(false)
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), deliverMs)
      to.publish(topic, payload, { qos: 1, retain: true }, (error) => {
        clearTimeout(timer)
        resolve(!error)
      })
    })
  }

  open()
  return {
    get connected() {
      return client?.connected === true
    },
    send(topic, payload) {
      const to = ready()
      to?.publish(topic, payload, { qos: 0, retain: true })
      return to !== null
    },
    deliver,
    async close() {
      closed = true
      if (wait) clearTimeout(wait)
      const last = client
      if (!last) return
      client = null
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => last.end(true, () => resolve()), 1000)
        last.end(false, () => {
          clearTimeout(timer)
          resolve()
        })
      })
    },
  }
}
