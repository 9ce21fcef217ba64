/**
 * The wallets of the browser. Each announces itself when it is asked (EIP-6963); an older one, of which a page can see only
 * one, has put itself at `window.ethereum` (EIP-1193).
 */
import type { Eip1193Provider } from 'ethers'

export interface FoundWallet {
  /** What tells it from the others on this page. */
  id: string
  /** What it calls itself; null for an older one, which does not. */
  name: string | null
  /** A picture of its own as a `data:` address, or null. */
  icon: string | null
  provider: Eip1193Provider
}

interface Announced {
  info?: { uuid?: unknown; name?: unknown; icon?: unknown }
  provider?: Eip1193Provider
}

type Page = EventTarget & { ethereum?: Eip1193Provider }

/** Asks for wallets and tells what has been found, again with each that announces itself. Returns how to stop. */
export function watchWallets(tell: (wallets: FoundWallet[]) => void, page: Page = window): () => void {
  const announced = new Map<string, FoundWallet>()
  const found = () => {
    if (announced.size > 0) return [...announced.values()]
    const { ethereum } = page
    return ethereum === undefined ? [] : [{ id: 'ethereum', name: null, icon: null, provider: ethereum }]
  }
  const take = (event: Event) => {
    const { info, provider } = ((event as CustomEvent<Announced>).detail ?? {}) as Announced
    if (typeof info?.uuid !== 'string' || typeof info.name !== 'string' || typeof provider?.request !== 'function')
      return
    // Anything but a picture inside the address would tell its server who looks at this page.
    const icon = typeof info.icon === 'string' && info.icon.startsWith('data:image/') ? info.icon : null
    announced.set(info.uuid, { id: info.uuid, name: info.name.slice(0, longestName), icon, provider })
    tell(found())
  }
  page.addEventListener('eip6963:announceProvider', take)
  page.dispatchEvent(new Event('eip6963:requestProvider'))
  tell(found())
  return () => page.removeEventListener('eip6963:announceProvider', take)
}

/** A wallet names itself, so its name is kept from filling the page. */
const longestName = 40
