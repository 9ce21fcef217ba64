/** The API of a server as the clerk of one of its areas, who signs in with the key of the area's grid operator (or of a watcher, for exports). */
import { type ApiClient, publicClient, signInWithKey } from '../api-client.ts'
import { readWalletFile } from '../chain/key-file.ts'
import { InputError } from './streams.ts'

/** Where the API is, and whose key signs in; as commands take them. */
export interface ClerkOptions {
  serverUrl: string
  keyFile?: string
}

/** Signs in. Throws `InputError` without a key file, and what reading it or the server throws. */
export async function clerkOf({ serverUrl, keyFile }: ClerkOptions, area: number): Promise<ApiClient> {
  if (keyFile === undefined) throw new InputError('--server-url needs --key-file, with the key that signs in')
  const wallet = readWalletFile(keyFile)
  const { chain } = await publicClient(serverUrl).get<{ chain: { chainId: number } }>(`/areas/${area}`)
  return signInWithKey(serverUrl, wallet, chain.chainId)
}

/** What `commonwatt export` writes of a batch, line by line. */
export function exportedLines(clerk: ApiClient, area: number, end: number): AsyncGenerator<string> {
  return clerk.lines(`/areas/${area}/batches/${new Date(end * 1000).toISOString()}/export`)
}
