/** A wallet as browsers have them (EIP-1193), with a key of its own outside the page, that begins on another chain. */
import { toUtf8String, Wallet } from 'ethers'
import type { BrowserContext } from 'playwright-core'

export class TestWallet {
  /** What it was asked to do, apart from questions about accounts and chain. */
  readonly asked: string[] = []
  readonly #wallet: Wallet
  readonly #refuses: readonly string[]
  #chainId = '0x1'
  /** A page sees no account before its owner has agreed. */
  #shared = false

  constructor(privateKey: string, { refuses = [] }: { refuses?: readonly string[] } = {}) {
    this.#wallet = new Wallet(privateKey)
    this.#refuses = refuses
  }

  /** Puts `window.ethereum` into every page of the context. */
  async install(context: BrowserContext): Promise<void> {
    await context.exposeFunction('askTestWallet', (method: string, params: unknown[]) => this.#answer(method, params))
    await context.addInitScript(() => {
      type Ask = (method: string, params: unknown[]) => Promise<{ result?: unknown; error?: object }>
      const page = window as unknown as { askTestWallet: Ask; ethereum: unknown }
      page.ethereum = {
        async request({ method, params = [] }: { method: string; params?: unknown[] }) {
          const { result, error } = await page.askTestWallet(method, params)
          if (error !== undefined) throw Object.assign(new Error('refused'), error)
          return result
        },
        on() {},
        removeListener() {},
      }
    })
  }

  async #answer(method: string, params: unknown[]): Promise<{ result?: unknown; error?: object }> {
    if (this.#refuses.includes(method)) return { error: { code: 4001, message: 'The user rejected the request.' } }
    switch (method) {
      case 'eth_chainId':
        return { result: this.#chainId }
      case 'eth_accounts':
        return { result: this.#shared ? [this.#wallet.address.toLowerCase()] : [] }
      default:
        this.asked.push(method)
    }
    switch (method) {
      case 'eth_requestAccounts':
        this.#shared = true
        return { result: [this.#wallet.address.toLowerCase()] }
      case 'wallet_switchEthereumChain':
        this.#chainId = (params[0] as { chainId: string }).chainId
        return { result: null }
      case 'personal_sign':
        return { result: await this.#wallet.signMessage(toUtf8String(params[0] as string)) }
      case 'eth_signTypedData_v4': {
        const { domain, types, message } = JSON.parse(params[1] as string)
        if (BigInt(domain.chainId) !== BigInt(this.#chainId))
          return { error: { code: -32603, message: 'another chain' } }
        const { EIP712Domain: _, ...signed } = types
        return { result: await this.#wallet.signTypedData(domain, signed, message) }
      }
      default:
        return { error: { code: 4200, message: `${method} is not supported` } }
    }
  }
}
