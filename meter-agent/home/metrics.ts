/** Prometheus metrics on loopback, made from the agent's status when somebody asks for them. */
import type { Gauge as GaugeType } from 'prom-client'
import { listenTrouble } from '../../contracts/protocol/listen-trouble.ts'
import { ConfigError } from '../setup/config.ts'
import { closeSmallServer, createSmallServer } from './small-server.ts'
import type { AgentStatus } from './status.ts'

/** Serves `/metrics` on 127.0.0.1. Throws a `ConfigError` when the port is taken. */
export async function serveMetrics(port: number, status: () => AgentStatus): Promise<{ close(): Promise<void> }> {
  // Loaded only where metrics are wanted: a home gateway has little memory.
  const { collectDefaultMetrics, Counter, Gauge, Registry } = await import('prom-client')
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })

  const gauge = (name: string, help: string, labels: string[], fill: (gauge: GaugeType, now: AgentStatus) => void) => {
    new Gauge({
      name: `commonwatt_agent_${name}`,
      help,
      labelNames: labels,
      registers: [registry],
      collect() {
        this.reset()
        fill(this, status())
      },
    })
  }
  const counter = (name: string, help: string, labels: string[], read: (now: AgentStatus) => [object, number][]) => {
    new Counter({
      name: `commonwatt_agent_${name}_total`,
      help,
      labelNames: labels,
      registers: [registry],
      collect() {
        this.reset()
        for (const [values, value] of read(status())) this.inc(values, value)
      },
    })
  }
  const flag = (value: boolean | null) => (value ? 1 : 0)

  gauge('connected', 'Whether the agent is connected to its server', [], (g, now) => g.set(flag(now.connected)))
  gauge('clock_trusted', 'Whether the clock may date readings', [], (g, now) => g.set(flag(now.clock.trusted)))
  gauge('readings_queued', 'Signed readings waiting for the server', ['meter'], (g, now) => {
    for (const { name, queued } of now.meters) g.set({ meter: name }, queued)
  })
  gauge('readings_refused', 'Signed readings the server has refused for good', ['meter'], (g, now) => {
    for (const { name, refused } of now.meters) g.set({ meter: name }, refused)
  })
  gauge('meter_welcome', 'Whether the server takes the meter’s readings', ['meter'], (g, now) => {
    for (const { name, welcome } of now.meters) g.set({ meter: name }, flag(welcome))
  })
  gauge('power_watts', 'Power at the grid connection point, import positive', ['meter'], (g, now) => {
    for (const { name, live } of now.meters) if (live && live.powerW !== null) g.set({ meter: name }, live.powerW)
  })
  gauge('device_online', 'Whether a device answers', ['meter', 'device'], (g, now) => {
    for (const { name, devices } of now.meters) {
      for (const device of devices) g.set({ meter: name, device: device.name }, flag(device.online))
    }
  })
  gauge('device_round_trip_seconds', 'How long a whole poll takes', ['meter', 'device'], (g, now) => {
    for (const { name, devices } of now.meters) {
      for (const device of devices) g.set({ meter: name, device: device.name }, device.roundTripMs / 1000)
    }
  })
  counter('messages_sent', 'Messages with readings sent', [], (now) => [[{}, now.sentMessages]])
  counter('messages_resent', 'Messages sent after a failure', [], (now) => [[{}, now.resentMessages]])
  counter('readings_signed', 'Readings signed by this process', ['meter', 'quality'], (now) =>
    now.meters.flatMap(({ name, signed }) =>
      Object.entries(signed).map(([quality, count]): [object, number] => [{ meter: name, quality }, count]),
    ),
  )
  counter('samples', 'Samples of the grid device by what became of them', ['meter', 'outcome'], (now) =>
    now.meters.flatMap(({ name, samples }) =>
      Object.entries(samples).map(([outcome, count]): [object, number] => [{ meter: name, outcome }, count]),
    ),
  )
  counter('polls', 'Polls of a device', ['meter', 'device'], (now) =>
    now.meters.flatMap(({ name, devices }) =>
      devices.map((device): [object, number] => [{ meter: name, device: device.name }, device.polls]),
    ),
  )
  counter('poll_failures', 'Polls of a device that failed', ['meter', 'device'], (now) =>
    now.meters.flatMap(({ name, devices }) =>
      devices.map((device): [object, number] => [{ meter: name, device: device.name }, device.failures]),
    ),
  )
  counter('device_connects', 'Connections made to a device’s endpoint', ['endpoint'], (now) =>
    now.links.map(({ endpoint, connects }): [object, number] => [{ endpoint }, connects]),
  )
  counter('device_requests', 'Requests sent to a device’s endpoint', ['endpoint'], (now) =>
    now.links.map(({ endpoint, requests }): [object, number] => [{ endpoint }, requests]),
  )
  counter('device_request_failures', 'Requests that failed, by what was wrong', ['endpoint', 'kind'], (now) =>
    now.links.flatMap(({ endpoint, failures }) =>
      Object.entries(failures).map(([kind, count]): [object, number] => [{ endpoint, kind }, count]),
    ),
  )

  const server = createSmallServer('127.0.0.1', (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end('metrics are at /metrics\n')
      return
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      (error: Error) => response.writeHead(500).end(`${error.message}\n`),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new ConfigError(
          'CONFIG_INVALID',
          [`metrics cannot be shown: ${listenTrouble(error, { setting: 'in [metrics]' })}`],
          error,
        ),
      )
    })
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    close: () => closeSmallServer(server),
  }
}
