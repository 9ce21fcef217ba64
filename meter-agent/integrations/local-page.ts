/**
 * The agent's page in the home's own network: whether each home sells, and if not, why; what its devices say; and the code while it
 * is being paired. It only shows, knows no visitor and sends nothing away.
 */
import { renderSVG } from 'uqr'
import { listenTrouble } from '../../contracts/protocol/listen-trouble.ts'
import type { PairingOffered } from '../../contracts/protocol/pairing.ts'
import { placeInWords } from '../devices/place.ts'
import { sellingOf } from '../home/selling.ts'
import { closeSmallServer, createSmallServer } from '../home/small-server.ts'
import type { AgentStatus, DeviceStatus, MeterStatus } from '../home/status.ts'
import { ConfigError } from '../setup/config.ts'

/** What the page shows now. */
export type PageView =
  | { kind: 'status'; status: AgentStatus }
  | { kind: 'pairing'; meter: string; sentence: string; offered: PairingOffered | null; done: string | null }

export interface RunningPage {
  port: number
  close(): Promise<void>
}

const refreshSeconds = 5

/** Serves until closed. Throws a `ConfigError` where the address cannot be listened on. */
export async function serveLocalPage(
  { host, port }: { host: string; port: number },
  view: () => PageView,
): Promise<RunningPage> {
  const server = createSmallServer(host, (request, response) => {
    if (request.url !== '/') return void response.writeHead(404).end('the page is at /\n')
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return void response.writeHead(405, { allow: 'GET, HEAD' }).end()
    const page = localPage(view())
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    })
    response.end(request.method === 'HEAD' ? undefined : page)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new ConfigError(
          'CONFIG_INVALID',
          [`the local page cannot be shown: ${listenTrouble(error, { setting: 'in [page]' })}`],
          error,
        ),
      )
    })
    server.listen(port, host, resolve)
  })
  return {
    port: (server.address() as { port: number }).port,
    close: () => closeSmallServer(server),
  }
}

/** The page as HTML. */
export function localPage(view: PageView): string {
  const body =
    view.kind === 'status'
      ? view.status.meters.map((meter) => meterSection(meter, view.status)).join('')
      : pairingSection(view)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${refreshSeconds}">
<title>Commonwatt at home</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; color: #1d2b1f; background: #fbfaf5 }
h1 { font-size: 1.3rem } h2 { font-size: 1.1rem; margin-top: 2rem }
.sentence { font-size: 1.15rem; border-left: .3rem solid #7a8f2a; padding-left: .8rem } .sentence.stopped { border-color: #b3402a } .sentence.waits { border-color: #c9921a }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .25rem .5rem .25rem 0; vertical-align: top; font-weight: normal } th { color: #586657; width: 12rem }
.code { font: 600 2rem/1.3 ui-monospace, monospace; letter-spacing: .1em } svg { width: 14rem; height: 14rem; background: #fff } .note { color: #586657 }
</style>
</head>
<body>
<h1>Commonwatt at home</h1>
${body}</body>
</html>
`
}

function meterSection(meter: MeterStatus, status: AgentStatus): string {
  const { state, sentence } = sellingOf(meter, status)
  const { live, registers, newest } = meter
  const price = meter.market?.price?.perKwh
  const rows: [string, string][] = [
    ['Power at the grid', flow(live?.powerW ?? null)],
    ['Production', watts(live?.productionW ?? null)],
    ['Battery', battery(live?.batteryPowerW ?? null, live?.stateOfChargePercent ?? null)],
    ['The home uses', watts(meter.consumptionW)],
    ['Counted so far', `taken ${energy(registers.importWh)}, fed in ${energy(registers.exportWh)}`],
    ...(price ? [['Price now', `${price} ${meter.market!.currency} per kWh`] as [string, string]] : []),
    ...(meter.market?.today
      ? [
          [
            'Today',
            `sold ${energy(meter.market.today.soldWh)} to neighbours, bought ${energy(meter.market.today.boughtWh)}`,
          ] as [string, string],
        ]
      : []),
    ['Newest reading', newest ? new Date(newest.time * 1000).toISOString() : 'none since the agent started'],
    ['Waiting to be sent', `${meter.queued} readings`],
    ['Server', `${status.server}: ${status.connected ? meter.server : 'not connected'}`],
  ]
  return `<h2>${escaped(meter.name)}</h2>
<p class="sentence ${state}">${escaped(sentence)}</p>
<table>${rows.map(([name, value]) => `<tr><th scope="row">${escaped(name)}</th><td>${escaped(value)}</td></tr>`).join('')}
${meter.devices.map(deviceRow).join('')}</table>
`
}

function deviceRow({ name, online, error, identity, place, warnings }: DeviceStatus): string {
  const state = online === null ? 'not read yet' : online ? `answers (${identity})` : `does not answer: ${error}`
  const lines = [state, ...(place === null ? [] : [`its meter: ${placeInWords(place)}`]), ...warnings]
  return `<tr><th scope="row">${escaped(name)}</th><td>${lines.map(escaped).join('<br>')}</td></tr>`
}

function pairingSection({ meter, sentence, offered, done }: Extract<PageView, { kind: 'pairing' }>): string {
  if (done !== null) return `<h2>${escaped(meter)}</h2>\n<p class="sentence">${escaped(done)}</p>\n`
  const code = offered
    ? `<p>Sign in on the market’s page and enter</p>
<p class="code">${codeForPeople(offered.code)}</p>
<p>or open <a href="${escaped(offered.link)}">${escaped(offered.link)}</a>, or let your telephone read this:</p>
${drawingOf(offered.link)}
<p class="note">The code lives until ${new Date(offered.expiresAt * 1000).toISOString()}. Give it to nobody else.</p>`
    : '<p>Waiting for the market’s server …</p>'
  return `<h2>${escaped(meter)} is being paired</h2>\n<p class="sentence">${escaped(sentence)}</p>\n${code}\n`
}

let drawn = { link: '', svg: '' }

/** Drawing takes some milliseconds, which metering needs; a code lives for many refreshes of the page. */
function drawingOf(link: string): string {
  if (drawn.link !== link) drawn = { link, svg: renderSVG(link) }
  return drawn.svg
}

/** In two groups, which people read out more easily. */
export function codeForPeople(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`
}

function watts(value: number | null): string {
  return value === null ? 'not known' : `${Math.round(value)} W`
}

function flow(value: number | null): string {
  if (value === null) return 'not known'
  return `${Math.round(Math.abs(value))} W ${value < 0 ? 'fed in' : 'taken'}`
}

function battery(powerW: number | null, percent: number | null): string {
  if (powerW === null && percent === null) return 'none known'
  const power = powerW === null ? [] : [`${Math.round(Math.abs(powerW))} W ${powerW < 0 ? 'charging' : 'discharging'}`]
  return [...power, ...(percent === null ? [] : [`${Math.round(percent)} % charged`])].join(', ')
}

function energy(wattHours: number | null): string {
  return wattHours === null ? 'not counted' : `${(wattHours / 1000).toFixed(3)} kWh`
}

function escaped(text: string): string {
  const marks: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return text.replace(/[&<>"']/g, (mark) => marks[mark]!)
}
