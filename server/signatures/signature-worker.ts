/** The thread that recovers signers; started by `signature-check.ts`. */
import { parentPort } from 'node:worker_threads'
import { type PackedSignatures, recoverBatch, recoveryImplementation } from './recover.ts'

const port = parentPort
if (port === null) throw new Error('signature-worker runs as a worker thread only')

port.postMessage({ implementation: recoveryImplementation })
port.on('message', ({ id, batch }: { id: number; batch: PackedSignatures }) => {
  const recovered = recoverBatch(batch)
  port.postMessage({ id, recovered }, [
    recovered.addresses.buffer as ArrayBuffer,
    recovered.digests.buffer as ArrayBuffer,
  ])
})
