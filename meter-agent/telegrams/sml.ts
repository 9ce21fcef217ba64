/** What a German meter says by SML: the list of OBIS values in a frame (`GetList.Res`), value × 10^scaler with its unit. */
import type { DeviceIdentity } from '../registers/device-sample.ts'
import type { FoundTelegram, Framer, MeterTelegram, ObisValue } from './meter-telegram.ts'
import { crcFits, FrameFinder, type SmlNode, TreeReader } from './sml-file.ts'

export class SmlFramer implements Framer {
  readonly #frames = new FrameFinder()

  get pending(): number {
    return this.#frames.pending
  }

  take(chunk: Buffer): FoundTelegram[] {
    return this.#frames.take(chunk).map((frame): FoundTelegram => {
      if (frame.kind === 'damage') return frame
      const read = readSml(frame.payload)
      if ('reason' in read) return { kind: 'damage', ...read }
      return { kind: 'telegram', telegram: read, bytes: frame.bytes, first: frame.first }
    })
  }
}

const getListResponse = 0x0701n
/** DLMS unit codes. */
const units = new Map([
  [27n, 'W'],
  [30n, 'Wh'],
])
/** The parts of a message: transaction, group, abort on error, body, checksum, end. */
const messageSize = 6

function readSml(payload: Buffer): MeterTelegram | { reason: string } {
  const bodies: SmlNode[] = []
  try {
    const reader = new TreeReader(payload)
    while (!reader.isDone) {
      if (reader.takeEnd()) continue
      bodies.push(messageBody(reader, payload))
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { reason: `a frame holds no SML: ${error.message}` }
  }
  const lists = bodies.map(listOf).filter((list) => list !== null)
  const [list] = lists
  if (!list) return { reason: 'a frame has no list of values' }
  if (lists.length > 1) return { reason: 'a frame has several lists: two meters on one line cannot be told apart' }
  return telegramOf(list)
}

/** Reads one message and checks its own checksum. */
function messageBody(reader: TreeReader, payload: Buffer): SmlNode {
  const from = reader.at
  // The message is a list of six, the last two of which are the checksum and the end: they are read apart.
  if (payload[from] !== (0x70 | messageSize)) throw new RangeError('no message begins where one should')
  const head = new TreeReader(payload.subarray(from + 1))
  const [, , , body] = [head.read(), head.read(), head.read(), head.read()]
  const checkedTo = from + 1 + head.at
  const checksum = head.read()
  if (checksum.kind !== 'integer') throw new RangeError('a message has no checksum')
  const sent = Number(checksum.value)
  const swapped = ((sent & 0xff) << 8) | (sent >> 8)
  if (!crcFits(payload.subarray(from, checkedTo), swapped)) throw new RangeError('a message’s checksum does not fit')
  reader.skipTo(from + 1 + head.at)
  return body!
}

interface ValueList {
  serverId: Buffer
  seconds: bigint | null
  entries: SmlNode[]
}

function listOf(body: SmlNode): ValueList | null {
  const [tag, response] = itemsOf(body)
  if (tag?.kind !== 'integer' || tag.value !== getListResponse || response?.kind !== 'list') return null
  const [, server, , time, list] = response.items
  if (list?.kind !== 'list') return null
  return {
    serverId: server?.kind === 'octets' ? server.value : Buffer.alloc(0),
    seconds: secondsOf(time),
    entries: list.items,
  }
}

/** `secIndex`: seconds since the meter was installed. Holley sends the number without its choice. */
function secondsOf(time: SmlNode | undefined): bigint | null {
  if (time?.kind === 'integer') return time.value
  const [choice, value] = time ? itemsOf(time) : []
  return choice?.kind === 'integer' && value?.kind === 'integer' ? value.value : null
}

function telegramOf({ serverId, seconds, entries }: ValueList): MeterTelegram {
  const values = new Map<string, ObisValue>()
  const texts = new Map<string, Buffer>()
  const maker = makerOf(serverId)
  for (const entry of entries) {
    const [name, , , unit, scaler, value] = itemsOf(entry)
    if (name?.kind !== 'octets' || name.value.length !== 6) continue
    const [a, b, c, d, e] = name.value as unknown as [number, number, number, number, number]
    const code = `${c}.${d}.${e}`
    if (value?.kind === 'octets') texts.set(`${a}-${b}:${code}`, value.value)
    if (value?.kind !== 'integer' || a !== 1 || b !== 0 || values.has(code)) continue
    values.set(code, {
      raw: value.value,
      exponent: scaler?.kind === 'integer' ? Number(scaler.value) : 0,
      unit: unit?.kind === 'integer' ? (units.get(unit.value) ?? null) : null,
      digits: null,
      doubt: doubtOf(value, maker),
    })
  }
  return {
    identity: identityOf(serverId, texts, maker),
    standard: 'SML',
    meterSeconds: seconds === null ? null : Number(seconds),
    values,
    isChecked: true,
    warnings: [],
  }
}

/**
 * Some meters of two makers send small powers with a wrong sign: DZG writes 327.68 to 655.35 W as a negative number of two bytes, and
 * leaves a negative one's third byte empty; EFR's leaves the second one empty. What was meant cannot be told from the number.
 */
function doubtOf(
  { value, isSigned, bytes }: Extract<SmlNode, { kind: 'integer' }>,
  maker: string | null,
): string | null {
  if (!isSigned || (maker !== 'DZG' && maker !== 'EFR')) return null
  const isNegativeOfTwo = maker === 'DZG' && bytes === 2 && value < 0n
  const top = 1n << BigInt(8 * (bytes - 1))
  const isWithoutSign = bytes >= 2 && bytes <= 3 && value >= top / 2n && value < top
  return isNegativeOfTwo || isWithoutSign
    ? `${maker} meters send some powers with a wrong sign, and this may be one`
    : null
}

/** Three letters behind the medium in the number that meters are named by (DIN 43863-5). */
function makerOf(serverId: Buffer): string | null {
  const letters = serverId.toString('latin1', 2, 5)
  return serverId.length === 10 && /^[A-Z]{3}$/.test(letters) ? letters : null
}

function identityOf(serverId: Buffer, texts: ReadonlyMap<string, Buffer>, maker: string | null): DeviceIdentity {
  const name = texts.get('1-0:96.50.1') ?? texts.get('129-129:199.130.3')
  const number = texts.get('1-0:96.1.0') ?? texts.get('1-0:0.0.9') ?? serverId
  return {
    manufacturer: (name && printable(name)) ?? maker,
    model: null,
    version: (texts.has('1-0:0.2.0') && printable(texts.get('1-0:0.2.0')!)) || null,
    serialNumber: number.length === 0 ? null : numberOf(number),
  }
}

/** As it is printed on the meter: `1 ISK 00 71234567`, without the blanks. */
function numberOf(id: Buffer): string {
  if (id.length === 10 && makerOf(id)) {
    const block = id[5]!.toString(16).padStart(2, '0')
    return `${id[1]}${makerOf(id)}${block}${id.readUInt32BE(6).toString().padStart(8, '0')}`
  }
  return printable(id) ?? id.toString('hex')
}

function printable(text: Buffer): string | null {
  const letters = text.toString('latin1').trim()
  return /^[\x20-\x7e]+$/.test(letters) ? letters : null
}

function itemsOf(node: SmlNode): SmlNode[] {
  return node.kind === 'list' ? node.items : []
}
