/** Telegrams of made-up meters: the text of a P1 port with its checksum, and SML frames built element by element. */
import { crc16, reflectedCrc16 } from '../../../meter-agent/modbus/frames.ts'

export interface MeterValues {
  importWh: number
  exportWh: number
  /** Import positive. */
  powerW: number
}

const kilo = (value: number, digits: number) => (value / 1000).toFixed(3).padStart(digits + 1, '0')

/** The text of a P1 telegram up to the `!`, its tariffs 1 and 2 together as large as the values. */
export function p1Text({ importWh, exportWh, powerW }: MeterValues, clock = '261128120000W'): string {
  const night = Math.floor(importWh / 3)
  return [
    '/XMX5LGF0000000000001',
    '',
    '1-3:0.2.8(50)',
    `0-0:1.0.0(${clock})`,
    `0-0:96.1.1(${Buffer.from('E0099000000000001').toString('hex').toUpperCase()})`,
    `1-0:1.8.1(${kilo(night, 9)}*kWh)`,
    `1-0:1.8.2(${kilo(importWh - night, 9)}*kWh)`,
    `1-0:2.8.1(${kilo(0, 9)}*kWh)`,
    `1-0:2.8.2(${kilo(exportWh, 9)}*kWh)`,
    '0-0:96.14.0(0002)',
    `1-0:1.7.0(${kilo(Math.max(powerW, 0), 5)}*kW)`,
    `1-0:2.7.0(${kilo(Math.max(-powerW, 0), 5)}*kW)`,
    '0-0:96.13.0()',
    '1-0:32.7.0(230.1*V)',
    '0-1:24.2.1(261128120000W)(00012.345*m3)',
    '',
  ].join('\r\n')
}

/** A telegram as the meter sends it. @param text up to the `!` */
export function signedP1(text: string): Buffer {
  const body = Buffer.from(`${text}!`, 'latin1')
  return Buffer.concat([body, Buffer.from(`${crc16(body, 0).toString(16).toUpperCase().padStart(4, '0')}\r\n`)])
}

type Element = Buffer

export const octets = (bytes: Uint8Array): Element => {
  const size = bytes.length + 1
  const head = size < 16 ? [size] : [0x80 | (size >> 4), size & 0x0f]
  if (size >= 16) {
    const longer = size + 1
    return Buffer.from([0x80 | (longer >> 4), longer & 0x0f, ...bytes])
  }
  return Buffer.from([...head, ...bytes])
}
const absent: Element = Buffer.from([0x01])
export function integer(value: bigint | number, bytes: number, isSigned = true): Element {
  const number = BigInt.asUintN(bytes * 8, BigInt(value))
  return Buffer.from(
    `${((isSigned ? 0x50 : 0x60) | (bytes + 1)).toString(16)}${number.toString(16).padStart(bytes * 2, '0')}`,
    'hex',
  )
}
const list = (...items: Element[]): Element => Buffer.concat([Buffer.from([0x70 | items.length]), ...items])
const code = (a: number, b: number, c: number, d: number, e: number) => octets(Buffer.from([a, b, c, d, e, 255]))

/** One value of a list: OBIS, unit (30 Wh, 27 W), scaler, and the number. */
export function entry(obis: readonly [number, number, number], unit: number, scaler: number, value: Element): Element {
  return list(code(1, 0, ...obis), absent, absent, integer(unit, 1, false), integer(scaler, 1), value, absent)
}

function message(tag: number, body: Element): Buffer {
  const head = Buffer.concat([
    Buffer.from([0x76]),
    octets(Buffer.from([1, 2, 3, 4])),
    integer(0, 1, false),
    integer(0, 1, false),
    list(integer(tag, 2, false), body),
  ])
  const checksum = x25(head)
  return Buffer.concat([head, Buffer.from([0x63, checksum & 0xff, checksum >> 8, 0x00])])
}

const x25 = (bytes: Buffer) => reflectedCrc16(bytes, 0xffff, 0x8408) ^ 0xffff

const serverId = Buffer.from('0a014d4b5900076a0d3c', 'hex')

/** A whole frame with the entries given. @param seconds of the meter's index */
export function smlFrame(
  entries: readonly Element[],
  { seconds = 1000, id = serverId }: { seconds?: number; id?: Buffer } = {},
): Buffer {
  const open = message(0x0101, list(absent, absent, octets(Buffer.from([9])), octets(id), absent, absent))
  const values = message(
    0x0701,
    list(
      absent,
      octets(id),
      absent,
      list(integer(1, 1, false), integer(seconds, 4, false)),
      list(...entries),
      absent,
      absent,
    ),
  )
  const close = message(0x0201, list(absent))
  const body = Buffer.concat([open, values, close])
  const fill = (4 - (body.length % 4)) % 4
  const escaped: Buffer[] = []
  const whole = Buffer.concat([body, Buffer.alloc(fill)])
  for (let at = 0; at < whole.length; at += 4) {
    const four = whole.subarray(at, at + 4)
    escaped.push(four.equals(Buffer.from('1b1b1b1b', 'hex')) ? Buffer.concat([four, four]) : four)
  }
  const before = Buffer.concat([
    Buffer.from('1b1b1b1b01010101', 'hex'),
    ...escaped,
    Buffer.from([0x1b, 0x1b, 0x1b, 0x1b, 0x1a, fill]),
  ])
  const checksum = x25(before)
  return Buffer.concat([before, Buffer.from([checksum & 0xff, checksum >> 8])])
}

/** The frame of a meter with a resolution of a tenth of a Wh. */
export function smlOf({ importWh, exportWh, powerW }: MeterValues, seconds?: number): Buffer {
  return smlFrame(
    [
      entry([1, 8, 0], 30, -1, integer(importWh * 10, 8, false)),
      entry([2, 8, 0], 30, -1, integer(exportWh * 10, 8, false)),
      entry([16, 7, 0], 27, 0, integer(powerW, 4)),
    ],
    seconds === undefined ? {} : { seconds },
  )
}
