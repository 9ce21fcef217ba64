/** The addresses of meters that send telegrams by themselves: from a URL to a line and its settings. */
import { z } from 'zod'
import { checkForm, mistakeLines } from '../../contracts/protocol/mistakes.ts'
import { TelegramError } from './error.ts'
import { telegramForms } from './forms.ts'

export const telegramLanguages = ['p1', 'sml'] as const
export type TelegramLanguage = (typeof telegramLanguages)[number]

export interface TelegramEndpoint {
  /** The same for two URLs that listen to the same line. */
  key: string
  language: TelegramLanguage
  transport: 'serial' | 'tcp'
  /** Host name or address; the serial port's path. */
  host: string
  /** TCP port; 0 for a serial port. */
  port: number
  baud: number
  parity: 'none' | 'even' | 'odd'
  dataBits: 7 | 8
  stopBits: 1 | 2
  /** How long the line may be silent. */
  timeoutMs: number
}

/** DSMR 4 and 5; German meters. Older ones are named in the URL: `?baud=9600&parity=even&data=7`. */
const usualBaud: Record<TelegramLanguage, number> = { p1: 115_200, sml: 9_600 }
/** Some meters send every ten seconds. */
const usualTimeoutMs = 30_000

const timeout = z.coerce
  .number()
  .int()
  .min(1_000)
  .max(600_000)
  .meta({ description: 'milliseconds' })
  .default(usualTimeoutMs)
const tcpQuery = z.strictObject({ timeout })
const serialQuery = z.strictObject({
  timeout,
  baud: z.coerce.number().int().min(300).max(1_000_000).optional(),
  parity: z.enum(['none', 'even', 'odd']).default('none'),
  data: z.enum(['7', '8']).default('8'),
  stop: z.enum(['1', '2']).default('1'),
})

/** Whether a URL is for a meter that sends telegrams, right or wrong. */
export function isTelegramUrl(text: string): boolean {
  return /^(p1|sml)(tcp)?:/i.test(text)
}

/** @throws TelegramError `TELEGRAM_URL` naming what is wrong */
export function parseTelegramUrl(text: string): TelegramEndpoint {
  const refuse = (why: string): never => {
    throw new TelegramError('TELEGRAM_URL', `"${text}" ${why}`)
  }
  if (!URL.canParse(text)) return refuse(`is not a device URL: write ${telegramForms}`)
  const url = new URL(text)
  const [, language, tcp] =
    /^(p1|sml)(tcp)?:$/.exec(url.protocol) ?? refuse(`has an unknown scheme: write ${telegramForms}`)
  const isTcp = tcp !== undefined
  const query = checkForm(isTcp ? tcpQuery : serialQuery, Object.fromEntries(url.searchParams))
  if (query.mistakes !== null) return refuse(`: ${mistakeLines(query.mistakes).join('; ')}`)
  const line = serialQuery.parse(isTcp ? {} : query.data)
  const common = {
    language: language as TelegramLanguage,
    baud: line.baud ?? usualBaud[language as TelegramLanguage],
    parity: line.parity,
    dataBits: line.data === '7' ? (7 as const) : (8 as const),
    stopBits: line.stop === '2' ? (2 as const) : (1 as const),
    timeoutMs: query.data.timeout,
  }
  if (!isTcp) {
    const path = decodedPath(url.pathname)
    if (url.host !== '' || path === null || path.length < 2) {
      return refuse(`names no serial port: write ${language}:///dev/ttyUSB0 (three slashes)`)
    }
    return { key: `serial:${path}`, transport: 'serial', host: path, port: 0, ...common }
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = Number(url.port)
  if (host === '' || port === 0 || !/^\/?$/.test(url.pathname) || url.username !== '' || url.hash !== '') {
    return refuse(`is not a host and a port: write ${language}tcp://host:port`)
  }
  return { key: `telegrams:${host}:${port}`, transport: 'tcp', host, port, ...common }
}

/** How messages name a line. */
export function lineName({ transport, host, port }: Pick<TelegramEndpoint, 'transport' | 'host' | 'port'>): string {
  return transport === 'serial' ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** `null` where an escape stands for no character. */
function decodedPath(path: string): string | null {
  try {
    return decodeURIComponent(path)
  } catch {
    return null
  }
}
