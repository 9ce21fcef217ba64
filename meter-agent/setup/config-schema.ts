/** The form of the agent's configuration file: what may stand where, and what is wrong in a sentence where it does not fit. */
import { z } from 'zod'
import { parseAddress } from '../../contracts/protocol/typed-data.ts'
import { parseEndpoint } from '../modbus/endpoint.ts'
import { DeviceError } from '../registers/device-error.ts'
import { isTelegramUrl, parseTelegramUrl } from '../telegrams/endpoint.ts'
import { telegramForms } from '../telegrams/forms.ts'

const anAddress = z
  .string({ error: 'is missing: an account or contract address in quotes, "0x" and 40 hexadecimal digits' })
  .transform((text, context) => {
    try {
      return parseAddress(text)
    } catch {
      context.addIssue({
        code: 'custom',
        message: `${JSON.stringify(text)} is not an address: write "0x" and 40 hexadecimal digits`,
      })
      return z.NEVER
    }
  })

const whole = (least: number, most: number) => z.int().min(least).max(most)

const aText = z.string().min(1)

const deviceUrl = aText.refine(isDeviceUrl, {
  error: ({ input }) =>
    `${JSON.stringify(input)} is no device: write "tcp://host:port", "rtu:///dev/ttyUSB0?baud=9600&parity=none" or "rtutcp://host:port"; for a meter that sends telegrams ${telegramForms}`,
})

/** Whether a device's address can be understood. */
export function isDeviceUrl(text: string): boolean {
  try {
    if (isTelegramUrl(text)) parseTelegramUrl(text)
    else parseEndpoint(text)
    return true
  } catch (error) {
    if (error instanceof DeviceError) return false
    throw error
  }
}

const serverUrl = aText.refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
  error: ({ input }) =>
    `${JSON.stringify(input)} is no server: write its address as "https://host" or "http://host:port"`,
})

const brokerUrl = aText.superRefine((text, context) => {
  const refuse = (message: string) => context.addIssue({ code: 'custom', message })
  const url = URL.canParse(text) ? new URL(text) : null
  if (
    !url ||
    !/^mqtts?:$/.test(url.protocol) ||
    url.hostname === '' ||
    !/^\/?$/.test(url.pathname) ||
    url.search !== ''
  ) {
    return refuse(`${JSON.stringify(text)} is no broker: write "mqtt://host:1883", or "mqtts://host:8883" with TLS`)
  }
  if (url.username !== '' || url.password !== '') {
    refuse('holds a name or a password: write username = "…" and passwordFile = "…" beside it')
  }
})

const aTopic = aText.regex(
  /^[\w-]+(\/[\w-]+)*$/,
  'letters, digits, "_" and "-", with "/" between the levels of a topic',
)

const mqttSchema = z.strictObject({
  url: brokerUrl,
  username: aText.optional(),
  passwordFile: aText.optional(),
  caFile: aText.optional(),
  topic: aTopic.default('commonwatt'),
  discoveryPrefix: aTopic.default('homeassistant'),
})

const proxySchema = z.strictObject({
  host: aText.default('127.0.0.1'),
  port: whole(1, 65_535),
  maxAgeSeconds: whole(1, 3600).optional(),
  connections: whole(1, 64).default(8),
})

const roles = ['grid', 'production', 'battery'] as const
export type DeviceRole = (typeof roles)[number]

const deviceFields = z.strictObject({
  url: deviceUrl,
  unit: whole(0, 255).optional(),
  profile: aText.optional(),
  role: z.enum(roles).default('grid'),
  inverted: z.boolean().optional(),
  gridUnit: whole(0, 255).optional(),
  meter: whole(1, 9).optional(),
  confirmed: z.boolean().optional(),
  proxyUnit: whole(0, 247).optional(),
})

/** A meter that sends telegrams has its language in its URL, and nothing to ask for. */
const deviceSchema = deviceFields.transform((device, context) => {
  if (!isTelegramUrl(device.url)) return { ...device, profile: device.profile ?? 'sunspec' }
  const { language } = parseTelegramUrl(device.url)
  for (const name of ['unit', 'gridUnit', 'meter', 'proxyUnit'] as const) {
    if (device[name] === undefined) continue
    context.addIssue({
      code: 'custom',
      path: [name],
      message: 'is for Modbus devices: a meter that sends telegrams has none',
    })
  }
  if (device.profile !== undefined && device.profile !== language) {
    context.addIssue({
      code: 'custom',
      path: ['profile'],
      message: `the url names the language already: leave it out, or write "${language}"`,
    })
  }
  return { ...device, profile: language }
})

const countings = ['balanced', 'per-phase'] as const
export type Countings = (typeof countings)[number]

const meterSchema = z.strictObject({
  name: aText.regex(/^[\w.-]{1,64}$/, 'up to 64 letters, digits, ".", "_" and "-"'),
  account: anAddress.optional(),
  keyFile: aText,
  pollSeconds: z.number().min(0.1).max(3600).optional(),
  utilityCounts: z.enum(countings).default('balanced'),
  sunspecUnit: whole(1, 247).optional(),
  device: z
    .array(deviceSchema, { error: 'write at least one [[meter.device]]' })
    .min(1, 'write at least one [[meter.device]]'),
  limits: z
    .strictObject({ nameplateW: whole(1, 100_000_000).optional(), mainFuseW: whole(1, 100_000_000).optional() })
    .default({}),
})

/** The whole file. */
export const configSchema = z.strictObject({
  dataFolder: aText,
  server: z.strictObject({ url: serverUrl, caFile: aText.optional() }),
  chain: z.strictObject({ id: whole(1, Number.MAX_SAFE_INTEGER), escrow: anAddress }),
  area: z.strictObject({ id: whole(0, 0xffff_ffff), intervalSeconds: whole(1, 86_400) }),
  clock: z.strictObject({ trust: z.boolean().default(false) }).default({ trust: false }),
  metrics: z.strictObject({ port: whole(1, 65_535) }).optional(),
  page: z.strictObject({ host: aText.default('127.0.0.1'), port: whole(1, 65_535) }).optional(),
  mqtt: mqttSchema.optional(),
  proxy: proxySchema.optional(),
  meter: z.array(meterSchema, { error: 'write at least one [[meter]]' }).min(1, 'write at least one [[meter]]'),
})
