/** Key files and what their keys sign. */
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { recoverSigner } from '../../../contracts/protocol/typed-data.ts'
import { signedReadingSchema } from '../../../contracts/protocol/wire.ts'
import { nextKeyFile, readNextKey } from '../../../meter-agent/keys/keyring.ts'
import { createKeyFile, readKeyFile, replaceKeyFile } from '../../../meter-agent/keys/keys.ts'

const domain = { chainId: 31337, escrow: '0x00000000000000000000000000000000000000e5' }
let folder: string
let file: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonwatt-keys-'))
  file = join(folder, 'meter.key')
})
afterEach(() => rm(folder, { recursive: true }))

test('a key is made for its owner only, once', async () => {
  await createKeyFile(file)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const text = await readFile(file, 'utf8')
  await expect(createKeyFile(file)).rejects.toMatchObject({ code: 'KEY_EXISTS' })
  expect(await readFile(file, 'utf8')).toBe(text)
  expect(await readdir(folder)).toEqual(['meter.key'])
})

test('what it signs is what the escrow and the server check', async () => {
  await createKeyFile(file)
  const key = await readKeyFile(file, domain)
  const values = { epoch: 3, time: 1_800_000_900, importWh: 2 ** 48 - 1, exportWh: 7, quality: 1 as const }
  const reading = key.signReading({ ...values, sequence: 5, productionWh: null, reasons: ['gap'] })
  expect(signedReadingSchema.parse(reading)).toEqual(reading)
  expect(recoverSigner(domain, 'Reading', { meter: key.address, ...values }, reading.signature)).toBe(key.address)
  const hello = key.signHello(1_800_000_000)
  expect(recoverSigner(domain, 'AgentHello', { meter: key.address, time: 1_800_000_000 }, hello.signature)).toBe(
    key.address,
  )
})

test.each([0o644, 0o640, 0o606, 0o700 | 0o001])('a key that others can use is refused (mode %o)', async (mode) => {
  await createKeyFile(file)
  await chmod(file, mode)
  await expect(readKeyFile(file, domain)).rejects.toMatchObject({
    code: 'KEY_PERMISSIONS',
    message: expect.stringContaining(`run "chmod 600 ${file}"`),
  })
})

test('a missing file and a file without a key are named, never shown', async () => {
  await expect(readKeyFile(file, domain)).rejects.toMatchObject({ code: 'KEY_MISSING' })
  for (const text of ['', 'hello', '0x12', `0x${'0'.repeat(64)}`, `0x${'f'.repeat(64)}`]) {
    await writeFile(file, text, { mode: 0o600 })
    await expect(readKeyFile(file, domain)).rejects.toMatchObject({ code: 'KEY_INVALID' })
    if (text) await expect(readKeyFile(file, domain)).rejects.not.toThrow(text)
  }
})

test('a key that follows names its meter, and takes the former one’s place in one step', async () => {
  await createKeyFile(file)
  const first = await readKeyFile(file, domain)
  expect(first.key).toBe(first.address)
  expect(await readNextKey(file, first, domain)).toBeNull()
  await createKeyFile(nextKeyFile(file), first.address)
  expect((await stat(nextKeyFile(file))).mode & 0o777).toBe(0o600)
  const next = await readNextKey(file, first, domain)
  expect(next).toMatchObject({ address: first.address })
  expect(next!.key).not.toBe(first.key)
  const hello = next!.signHello(1_800_000_000)
  expect(recoverSigner(domain, 'AgentHello', { meter: first.address, time: 1_800_000_000 }, hello.signature)).toBe(
    next!.key,
  )
  await replaceKeyFile(file, nextKeyFile(file))
  expect(await readdir(folder)).toEqual(['meter.key'])
  expect(await readKeyFile(file, domain)).toMatchObject({ address: first.address, key: next!.key })
  await expect(replaceKeyFile(file, nextKeyFile(file))).rejects.toMatchObject({ code: 'KEY_UNREADABLE' })
})

test('another meter’s key, or one that others can use, does not follow', async () => {
  await createKeyFile(file)
  const first = await readKeyFile(file, domain)
  await createKeyFile(nextKeyFile(file), `0x${'5'.repeat(40)}`)
  await expect(readNextKey(file, first, domain)).rejects.toMatchObject({ code: 'KEY_INVALID' })
  await chmod(nextKeyFile(file), 0o644)
  await expect(readNextKey(file, first, domain)).rejects.toMatchObject({ code: 'KEY_PERMISSIONS' })
})
