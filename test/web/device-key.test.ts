/** The account of this device: opened by its passphrase alone, and never kept in the clear. */
import { expect, test } from 'vitest'
import { makeAccount, openAccount } from '../../web/session/device-key.ts'
import { readSealedKey, savedAccount } from '../../web/session/saved-account.ts'

function memory(): Storage {
  const kept = new Map<string, string>()
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  } as Storage
}

test('an account is opened again by its passphrase, and by no other', async () => {
  const storage = memory()
  expect(savedAccount(storage)).toBeNull()
  const made = await makeAccount('correct horse battery', storage)
  const kept = savedAccount(storage)!
  expect(kept.account).toBe(made.account)
  const opened = await openAccount(kept, 'correct horse battery', storage)
  expect(opened.account).toBe(made.account)
  const digest = 'hello'
  expect(await (await opened.signer()).signMessage(digest)).toBe(await (await made.signer()).signMessage(digest))
  await expect(openAccount(kept, 'correct horse batterz', storage)).rejects.toMatchObject({
    code: 'SESSION_PASSPHRASE',
  })
})

test('a saved file opens on another device', async () => {
  const first = memory()
  const made = await makeAccount('correct horse battery', first)
  const file = JSON.stringify(savedAccount(first))
  const second = memory()
  const opened = await openAccount(readSealedKey(file)!, 'correct horse battery', second)
  expect([opened.account, savedAccount(second)?.account]).toEqual([made.account, made.account])
})

test('what was changed, or is something else, is refused', async () => {
  const storage = memory()
  await makeAccount('correct horse battery', storage)
  const kept = savedAccount(storage)!
  const changed = { ...kept, sealed: `00${kept.sealed.slice(2)}` }
  await expect(openAccount(changed, 'correct horse battery', storage)).rejects.toMatchObject({
    code: 'SESSION_PASSPHRASE',
  })
  for (const text of ['', '{}', '[]', 'null', '{"commonwatt":"account"}', JSON.stringify({ ...kept, salt: 'zz' })]) {
    expect(readSealedKey(text)).toBeNull()
  }
})
