/** How requests and replies are packed: MBAP headers over TCP, or RTU frames with a checksum. */
export type Framing = 'tcp' | 'rtu'

/** A request to read registers; other functions have the same shape as far as it matters here. */
export interface ReadRequest {
  /** `null` with RTU frames, which have none. */
  transactionId: number | null
  unit: number
  functionCode: number
  address: number
  count: number
}

const mbapSize = 6
const readPduSize = 6
const rtuRequestSize = 8

/** No frame over TCP is longer, nor can one be shorter, by its own word. */
const mostTcpLength = 254
const leastTcpLength = 2

/**
 * Returns a function that is given chunks of input and gives back the whole requests in them; `null` for input that is not Modbus
 * TCP and can never become it again.
 */
export function requestReader(framing: Framing): (chunk: Buffer) => ReadRequest[] | null {
  let input = Buffer.alloc(0)
  const take = framing === 'tcp' ? takeTcp : takeRtu
  return (chunk) => {
    input = Buffer.concat([input, chunk])
    const requests: ReadRequest[] = []
    for (;;) {
      const taken = take(input)
      if (taken === 'nonsense') return null
      if (!taken) return requests
      input = input.subarray(taken.size)
      if (taken.request) requests.push(taken.request)
    }
  }
}

interface Taken {
  size: number
  request: ReadRequest | null
}

function takeTcp(input: Buffer): Taken | 'nonsense' | null {
  if (input.length < mbapSize) return null
  const length = input.readUInt16BE(4)
  if (input.readUInt16BE(2) !== 0 || length < leastTcpLength || length > mostTcpLength) return 'nonsense'
  const size = mbapSize + length
  if (input.length < size) return null
  // Functions without an address have shorter requests; for what is refused anyway, zeros will do.
  const pdu = Buffer.alloc(readPduSize)
  input.copy(pdu, 0, mbapSize, Math.min(size, mbapSize + readPduSize))
  return { size, request: { transactionId: input.readUInt16BE(0), ...fieldsAt(pdu, 0) } }
}

/** Skips bytes until a checksum fits. */
function takeRtu(input: Buffer): Taken | null {
  if (input.length < rtuRequestSize) return null
  const frame = input.subarray(0, rtuRequestSize)
  const valid = crc16(frame.subarray(0, -2)) === frame.readUInt16LE(rtuRequestSize - 2)
  if (!valid) return { size: 1, request: null }
  return { size: rtuRequestSize, request: { transactionId: null, ...fieldsAt(frame, 0) } }
}

function fieldsAt(input: Buffer, at: number): Omit<ReadRequest, 'transactionId'> {
  return {
    unit: input.readUInt8(at),
    functionCode: input.readUInt8(at + 1),
    address: input.readUInt16BE(at + 2),
    count: input.readUInt16BE(at + 4),
  }
}

/** A reply over TCP. @param pdu unit id, function code and data */
export function tcpFrame(transactionId: number, pdu: Buffer): Buffer {
  const header = Buffer.alloc(mbapSize)
  header.writeUInt16BE(transactionId, 0)
  header.writeUInt16BE(pdu.length, 4)
  return Buffer.concat([header, pdu])
}

/** A reply with serial framing. @param pdu unit id, function code and data */
export function rtuFrame(pdu: Buffer): Buffer {
  const checksum = Buffer.alloc(2)
  checksum.writeUInt16LE(crc16(pdu), 0)
  return Buffer.concat([pdu, checksum])
}

/** CRC-16 with polynomial 0xA001, reflected: the Modbus checksum where it starts from 0xFFFF. */
export function crc16(bytes: Buffer, from = 0xffff): number {
  return reflectedCrc16(bytes, from, 0xa001)
}

/** @param polynomial reflected: its lowest bit stands for x^15 */
export function reflectedCrc16(bytes: Buffer, from: number, polynomial: number): number {
  let crc = from
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
  }
  return crc
}
