/** The account of this device: opened by its passphrase alone, and never kept in the clear. */
import { expect, test } from 'vitest'
import { makeAccount, openAccount } from '../../web/session/device-key.ts'
import { readSealedKey, savedAccounts } from '../../web/session/saved-account.ts'

function memory(): Storage {
  const kept = new Map<string, string>()
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  } as Storage
}

test('an account is opened again by its passphrase, and by no other', async () => {
  const storage = memory()
  expect(savedAccounts(storage)).toEqual([])
  const made = await makeAccount('correct horse battery', storage)
  const kept = savedAccounts(storage)[0]!
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
  const file = JSON.stringify(savedAccounts(first)[0])
  const second = memory()
  const opened = await openAccount(readSealedKey(file)!, 'correct horse battery', second)
  expect([opened.account, savedAccounts(second)[0]?.account]).toEqual([made.account, made.account])
})

test('what was changed, or is something else, is refused', async () => {
  const storage = memory()
  await makeAccount('correct horse battery', storage)
  const kept = savedAccounts(storage)[0]!
  // Its first byte is another one, whichever it was.
  const other = kept.sealed.startsWith('00') ? '01' : '00'
  const changed = { ...kept, sealed: `${other}${kept.sealed.slice(2)}` }
  await expect(openAccount(changed, 'correct horse battery', storage)).rejects.toMatchObject({
    code: 'SESSION_PASSPHRASE',
  })
  for (const text of ['', '{}', '[]', 'null', '{"commonwatt":"account"}', JSON.stringify({ ...kept, salt: 'zz' })]) {
    expect(readSealedKey(text)).toBeNull()
  }
})

test('a second account leaves the first where it is, and the one opened last comes first', async () => {
  const storage = memory()
  const first = await makeAccount('correct horse battery', storage)
  const second = await makeAccount('staple and battery', storage)
  const accounts = () => savedAccounts(storage).map(({ account }) => account)
  expect(accounts()).toEqual([second.account, first.account])
  await openAccount(savedAccounts(storage)[1]!, 'correct horse battery', storage)
  expect(accounts()).toEqual([first.account, second.account])
  storage.setItem('commonwatt.accounts', '{damaged')
  expect(savedAccounts(storage)).toEqual([])
})
