/** The outbox of a process that is killed while it writes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Wallet } from 'ethers'
import { expect, test } from 'vitest'
import type { SignedReading } from '../../../contracts/protocol/wire.ts'
import { Outbox } from '../../../meter-agent/outbox/outbox.ts'
import { bundleProgram, seededRandom } from '../bundle.ts'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const kills = Number(process.env.KILLS ?? 25)

test(
  `killed ${kills} times at any instruction or out of disk (SEED=${seed}): no boundary has two values, nothing told is lost`,
  async () => {
    console.log(`outbox crash test: SEED=${seed}`)
    const random = seededRandom(seed)
    const folder = await mkdtemp(join(tmpdir(), 'commonwatt-outbox-'))
    const program = await bundleProgram('test/meter-agent/outbox/signing-loop.ts')
    const wallet = Wallet.createRandom()
    const start = [process.execPath, program, folder, wallet.privateKey]
    const pipes: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']
    const told = new Map<number, SignedReading>()
    const sequences = new Set<number>()
    for (let kill = 0; kill < kills; kill += 1) {
      // In each fourth life the disk is full after 40 KB.
      const full = kill % 4 === 3
      const child = full
        ? spawn('bash', ['-c', 'trap "" XFSZ; ulimit -f 40; exec "$@"', 'bash', ...start], { stdio: pipes })
        : spawn(process.execPath, start.slice(1), { stdio: pipes })
      const lines: string[] = []
      let text = ''
      let trouble = ''
      // The moment of death is counted in readings told, then in a part of a turn: it falls anywhere in the loop.
      const readings = full ? Number.POSITIVE_INFINITY : Math.floor(random() * 12)
      const lateMs = random() * 20
      const enough = new Promise<void>((resolve) => {
        child.stdout.on('data', (chunk: Buffer) => {
          text += chunk
          const parts = text.split('\n')
          text = parts.pop()!
          lines.push(...parts)
          if (lines.length >= readings) setTimeout(resolve, lateMs)
        })
        child.once('exit', () => resolve())
      })
      child.stderr.on('data', (chunk: Buffer) => {
        trouble += chunk
      })
      await enough
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      if (full) expect(trouble).toContain('OUTBOX_WRITE')
      else expect(trouble).toBe('')
      for (const line of lines) {
        const reading = JSON.parse(line) as SignedReading
        expect(told.get(reading.time) ?? reading).toEqual(reading)
        expect(told.has(reading.time)).toBe(false)
        expect(sequences.has(reading.sequence)).toBe(false)
        told.set(reading.time, reading)
        sequences.add(reading.sequence)
      }
    }

    const outbox = await Outbox.open(folder, { chainId: 31337, escrow: '0x00000000000000000000000000000000000000e5' })
    const meter = wallet.address.toLowerCase()
    const queued = await outbox.waiting({ limit: 1e6, currentFrom: 0, accepts: () => true })
    const acknowledged = await outbox.acknowledged(1e6)
    const state = await outbox.state(meter)
    expect(outbox.queued(meter)).toBe(queued.length)
    await outbox.close()
    const all = [...queued, ...acknowledged].sort((a, b) => a.time - b.time)
    expect(told.size).toBeGreaterThan(kills)
    for (const reading of told.values()) expect(all).toContainEqual(reading)
    // Also what was stored but not told: each boundary once, in a row, in sequence, never falling.
    for (const [index, reading] of all.entries()) {
      expect(reading.sequence).toBe(index + 1)
      expect(reading.time).toBe(1_800_000_010 + 10 * index)
      expect(reading.exportWh).toBeGreaterThanOrEqual(all[index - 1]?.exportWh ?? 0)
    }
    expect(state).toMatchObject({ sequence: all.length, boundary: all.at(-1)!.time })
    await rm(folder, { recursive: true })
  },
  60_000 + kills * 6000,
)
