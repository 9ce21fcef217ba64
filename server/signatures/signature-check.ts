/**
 * Who signed this? In bulk: values are packed in this thread and recovered in worker threads, so that the thread that
 * serves sockets and runs the market never waits for a curve.
 */

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { Counter, Gauge, type Registry } from 'prom-client'
import { CodedError } from '../../contracts/protocol/error.ts'
import type { Address, EscrowDomain, Hex, TypedDataName, TypedDataValues } from '../../contracts/protocol/typed-data.ts'
import { threadFile } from '../project-files.ts'
import {
  type PackedSignatures,
  type Recovered,
  type RecoveryImplementation,
  recoverBatch,
  recoveryImplementation,
} from './recover.ts'
import { domainSeparator, encodeStruct, structLength } from './struct-encoding.ts'

export class SignatureCheckError extends CodedError<'SIGNATURE_CHECK_BUSY' | 'SIGNATURE_CHECK_STOPPED'> {
  override readonly name = 'SignatureCheckError'
}

export interface SignedValue<Name extends TypedDataName> {
  value: TypedDataValues[Name]
  /** 64 bytes (EIP-2098) or 65 (r, s, v with v 0, 1, 27 or 28) in hexadecimal digits. */
  signature: Hex
}

export interface CheckedSignature {
  /** Null where the signature has no valid form or is not the one of its two forms that counts (low s). */
  signer: Address | null
  /** The EIP-712 digest that was signed. */
  digest: Hex
}

export interface SignatureCheck {
  readonly implementation: RecoveryImplementation
  /**
   * Signers and digests in order. What is asked in one turn of the event loop goes to the threads together.
   * Rejects with `SIGNATURE_CHECK_BUSY` where too many wait already; then nothing of the call was begun.
   */
  check<Name extends TypedDataName>(
    domain: EscrowDomain,
    name: Name,
    items: readonly SignedValue<Name>[],
  ): Promise<CheckedSignature[]>
  /** Finds the signers alone. */
  recover<Name extends TypedDataName>(
    domain: EscrowDomain,
    name: Name,
    items: readonly SignedValue<Name>[],
  ): Promise<(Address | null)[]>
  close(): Promise<void>
}

/** Signatures that go to a thread at once. */
const chunkSize = 256

/**
 * Starts the threads and resolves once each has said which library it runs.
 * `threads` 0 recovers in the calling thread: for tests and the smallest machines. `mostWaiting` bounds what may be queued:
 * half of it readings, half of it anything else.
 */
export async function startSignatureCheck(options: {
  registry: Registry
  threads?: number
  mostWaiting?: number
  workerFile?: URL
}): Promise<SignatureCheck> {
  const { registry, threads = Math.min(8, Math.max(1, availableParallelism() - 1)), mostWaiting = 20_000 } = options
  const metrics = registerMetrics(registry)
  const pool = await startPool(threads, options.workerFile)
  metrics.implementation.set({ implementation: pool.implementation }, 1)
  const gatherings = new Map<string, Gathering>()
  const waiting = { readings: 0, others: 0 }

  async function check<Name extends TypedDataName>(
    domain: EscrowDomain,
    name: Name,
    items: readonly SignedValue<Name>[],
  ): Promise<CheckedSignature[]> {
    if (items.length === 0) return []
    // Readings have a lane of their own: whatever people send in, the meters are heard.
    const lane = name === 'Reading' ? 'readings' : 'others'
    if (waiting[lane] + items.length > mostWaiting / 2) {
      throw new SignatureCheckError('SIGNATURE_CHECK_BUSY', 'too many signatures wait to be checked; try again shortly')
    }
    waiting[lane] += items.length
    try {
      const key = `${name} ${domain.chainId} ${domain.escrow}`
      let gathering = gatherings.get(key)
      if (gathering === undefined) {
        gathering = gather(pool, domain, name)
        gatherings.set(key, gathering)
      }
      const checked = await gathering.add(items)
      metrics.checked.inc({ structure: name }, items.length)
      return checked
    } finally {
      waiting[lane] -= items.length
    }
  }

  return {
    implementation: pool.implementation,
    check,
    async recover(domain, name, items) {
      return (await check(domain, name, items)).map(({ signer }) => signer)
    },
    close: pool.close,
  }
}

/** Signatures of one structure and domain, gathered for a turn of the event loop. */
interface Gathering {
  add(items: readonly SignedValue<TypedDataName>[]): Promise<CheckedSignature[]>
}

/** A hundred requests that arrive together then cost one message to a thread instead of a hundred. */
function gather(pool: Pool, domain: EscrowDomain, name: TypedDataName): Gathering {
  const separator = domainSeparator(domain)
  let gathered: SignedValue<TypedDataName>[] = []
  let checking: Promise<CheckedSignature[]> | null = null

  async function checkGathered(): Promise<CheckedSignature[]> {
    await new Promise((resolve) => setImmediate(resolve))
    const items = gathered
    gathered = []
    checking = null
    const chunks: Promise<CheckedSignature[]>[] = []
    for (let from = 0; from < items.length; from += chunkSize) {
      const batch = pack(separator, name, items.slice(from, from + chunkSize))
      chunks.push(pool.run(batch).then(readRecovered))
    }
    return (await Promise.all(chunks)).flat()
  }

  return {
    async add(items) {
      const from = gathered.length
      gathered.push(...items)
      checking ??= checkGathered()
      return (await checking).slice(from, from + items.length)
    },
  }
}

interface Pool {
  implementation: RecoveryImplementation
  run(batch: PackedSignatures): Promise<Recovered>
  close(): Promise<void>
}

async function startPool(threads: number, workerFile?: URL): Promise<Pool> {
  if (threads === 0) {
    return {
      implementation: recoveryImplementation,
      run: async (batch) => recoverBatch(batch),
      close: async () => {},
    }
  }
  const file = workerFile ?? threadFile('signature-worker')
  const lanes = await Promise.all(Array.from({ length: threads }, () => startLane(file)))
  const slowest = lanes.find((lane) => lane.implementation === 'portable') ?? lanes[0]!
  return {
    implementation: slowest.implementation,
    run: (batch) => lanes.reduce((best, lane) => (lane.load() < best.load() ? lane : best)).run(batch),
    close: async () => {
      await Promise.all(lanes.map((lane) => lane.close()))
    },
  }
}

interface Lane extends Pool {
  load(): number
}

/** One thread. A thread that fails ends the process: its answers can no longer be trusted to come. */
function startLane(file: URL): Promise<Lane> {
  const worker = new Worker(file)
  const open = new Map<number, { resolve(recovered: Recovered): void; reject(error: Error): void; count: number }>()
  let ids = 0
  let load = 0
  let closed = false
  return new Promise((started) => {
    worker.once('message', ({ implementation }: { implementation: RecoveryImplementation }) => {
      worker.on('message', ({ id, recovered }: { id: number; recovered: Recovered }) => {
        const { resolve, count } = open.get(id)!
        open.delete(id)
        load -= count
        resolve(recovered)
      })
      started({
        implementation,
        load: () => load,
        run: (batch) =>
          new Promise((resolve, reject) => {
            if (closed) return reject(stopped())
            const id = ids++
            open.set(id, { resolve, reject, count: batch.count })
            load += batch.count
            worker.postMessage({ id, batch }, [
              batch.structs.buffer as ArrayBuffer,
              batch.signatures.buffer as ArrayBuffer,
            ])
          }),
        close: async () => {
          closed = true
          await worker.terminate()
          for (const { reject } of open.values()) reject(stopped())
          open.clear()
        },
      })
    })
  })
}

function stopped(): SignatureCheckError {
  return new SignatureCheckError('SIGNATURE_CHECK_STOPPED', 'the server is stopping')
}

function pack<Name extends TypedDataName>(
  separator: Uint8Array,
  name: Name,
  items: readonly SignedValue<Name>[],
): PackedSignatures {
  const length = structLength(name)
  const structs = new Uint8Array(items.length * length)
  const signatures = new Uint8Array(items.length * 64)
  for (const [index, { value, signature }] of items.entries()) {
    encodeStruct(name, value, structs, index * length)
    const compact = compactBytes(signature)
    if (compact !== null) signatures.set(compact, index * 64)
  }
  return { separator, structs, signatures, count: items.length }
}

/** The compact form of a signature, or null where it is neither form. */
function compactBytes(signature: Hex): Uint8Array | null {
  const bytes = Buffer.from(signature.slice(2), 'hex')
  if (bytes.length === 64) return bytes
  if (bytes.length !== 65) return null
  const parity = bytes[64]! >= 27 ? bytes[64]! - 27 : bytes[64]!
  if (parity > 1 || bytes[32]! >= 0x80) return null
  const compact = bytes.subarray(0, 64)
  compact[32]! |= parity << 7
  return compact
}

function readRecovered({ addresses, digests }: Recovered): CheckedSignature[] {
  const signers = Buffer.from(addresses.buffer, addresses.byteOffset, addresses.length).toString('hex')
  const signed = Buffer.from(digests.buffer, digests.byteOffset, digests.length).toString('hex')
  return Array.from({ length: addresses.length / 20 }, (_, index) => {
    const signer = signers.slice(40 * index, 40 * (index + 1))
    return {
      signer: signer === nobody ? null : `0x${signer}`,
      digest: `0x${signed.slice(64 * index, 64 * (index + 1))}`,
    }
  })
}

const nobody = '0'.repeat(40)

function registerMetrics(registry: Registry) {
  return {
    checked: new Counter({
      name: 'commonwatt_signatures_checked_total',
      help: 'Signatures whose signer was looked for, by signed structure',
      labelNames: ['structure'],
      registers: [registry],
    }),
    implementation: new Gauge({
      name: 'commonwatt_signature_check_implementation',
      help: '1 for the library that recovers signers: native (libsecp256k1) or portable (JavaScript, some thirty times slower)',
      labelNames: ['implementation'],
      registers: [registry],
    }),
  }
}
