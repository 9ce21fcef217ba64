/**
 * The wallets of the browser. Each announces itself when it is asked (EIP-6963). Older wallets put themselves at
 * `window.ethereum` (EIP-1193), where a page can see only one of them.
 */
import type { Eip1193Provider } from 'ethers'

export interface FoundWallet {
  /** A name that tells the wallet from the others on this page. */
  id: string
  /** The wallet's own name; null for an older one, which gives none. */
  name: string | null
  /** The wallet's own picture as a `data:` address, or null. */
  icon: string | null
  provider: Eip1193Provider
}

interface Announced {
  info?: { uuid?: unknown; name?: unknown; icon?: unknown }
  provider?: Eip1193Provider
}

type Page = EventTarget & { ethereum?: Eip1193Provider }

/**
 * Asks for wallets and passes on the list of those found, again with each one that announces itself. Returns a function that
 * ends this.
 */
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
    // A picture from any other address would tell that address's server who looks at this page.
    const icon = typeof info.icon === 'string' && info.icon.startsWith('data:image/') ? info.icon : null
    announced.set(info.uuid, { id: info.uuid, name: info.name.slice(0, longestName), icon, provider })
    tell(found())
  }
  page.addEventListener('eip6963:announceProvider', take)
  page.dispatchEvent(new Event('eip6963:requestProvider'))
  tell(found())
  return () => page.removeEventListener('eip6963:announceProvider', take)
}

/** The longest name that is shown. A wallet names itself, and a longer name could fill the page. */
const longestName = 40
