/** How the browser's wallets are found. */
import { expect, it } from 'vitest'
import { type FoundWallet, watchWallets } from '../../web/session/wallets.ts'

const provider = (name: string) => ({ name, request: async () => name })
const announce = (page: EventTarget, detail: unknown) =>
  page.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))

function watched(page: EventTarget & { ethereum?: ReturnType<typeof provider> }) {
  const told: FoundWallet[][] = []
  const stop = watchWallets((wallets) => told.push(wallets), page)
  return { stop, names: () => told.at(-1)!.map(({ name }) => name), last: () => told.at(-1)! }
}

it('each that announces itself is found once, when it was asked and when it comes later', () => {
  const page = new EventTarget()
  const [red, blue] = [provider('red'), provider('blue')]
  const picture = 'data:image/svg+xml,<svg/>'
  page.addEventListener('eip6963:requestProvider', () => {
    announce(page, { info: { uuid: '1', name: 'Red', icon: picture }, provider: red })
  })
  const wallets = watched(page)
  announce(page, { info: { uuid: '2', name: 'Blue', icon: 'https://pictures.example/blue.png' }, provider: blue })
  announce(page, { info: { uuid: '1', name: 'Red', icon: picture }, provider: red })
  expect(wallets.last()).toEqual([
    { id: '1', name: 'Red', icon: picture, provider: red },
    { id: '2', name: 'Blue', icon: null, provider: blue },
  ])
  wallets.stop()
  announce(page, { info: { uuid: '3', name: 'Late' }, provider: red })
  expect(wallets.names()).toEqual(['Red', 'Blue'])
})

it('an older one, which has no name, is found where none announces itself', () => {
  const page = Object.assign(new EventTarget(), { ethereum: provider('old') })
  const wallets = watched(page)
  expect(wallets.names()).toEqual([null])
  announce(page, { info: { uuid: '1', name: 'New' }, provider: provider('new') })
  expect(wallets.names()).toEqual(['New'])
  expect(watched(new EventTarget()).names()).toEqual([])
})

it.each([undefined, {}, { info: { uuid: '1', name: 'x' } }, { info: { uuid: 1, name: 'x' }, provider: provider('x') }])(
  'what is no wallet is none: %o',
  (detail) => {
    const page = new EventTarget()
    const wallets = watched(page)
    announce(page, detail)
    expect(wallets.names()).toEqual([])
  },
)
