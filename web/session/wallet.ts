/** A wallet of the browser. This part is loaded only when somebody asks for a wallet. */
import { BrowserProvider, type Eip1193Provider } from 'ethers'
import { type Identity, SessionError } from './identity.ts'
import { sessionWords } from './words.ts'

/**
 * Asks a wallet of the browser (EIP-1193) for an account and moves it to the market's chain.
 * Throws `SESSION_WALLET_MISSING`, `SESSION_WALLET_REFUSED` or `SESSION_WALLET_CHAIN`.
 */
export async function identityOfWallet(ethereum: Eip1193Provider | undefined, chainId: number): Promise<Identity> {
  if (ethereum === undefined) throw new SessionError('SESSION_WALLET_MISSING', sessionWords().noWallet)
  const provider = new BrowserProvider(ethereum, 'any')
  const signer = await provider.getSigner().catch((cause: unknown) => {
    throw new SessionError('SESSION_WALLET_REFUSED', sessionWords().walletRefused, cause)
  })
  if (Number((await provider.getNetwork()).chainId) !== chainId) {
    await provider
      .send('wallet_switchEthereumChain', [{ chainId: `0x${chainId.toString(16)}` }])
      .catch((cause: unknown) => {
        throw new SessionError('SESSION_WALLET_CHAIN', sessionWords().walletChain(chainId), cause)
      })
  }
  return {
    account: signer.address.toLowerCase(),
    name: sessionWords().myWallet,
    description: null,
    role: null,
    signer: async () => signer,
    asksToSign: true,
  }
}
