/** One JSON-RPC call. */
export async function rpc<Result>(url: string, method: string, params: unknown[] = []): Promise<Result> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  const answer = (await response.json()) as { result: Result; error?: { message: string } }
  if (answer.error) throw new Error(answer.error.message)
  return answer.result
}

/** Creates a contract that logs whenever it is called: 32 bytes of its empty memory, without a topic. */
export const loggingContract = '0x6560206000a0006000526006601af3'

/** Sends from anvil's first account and waits until mined; gives the hash. */
export async function sendTransaction(
  url: string,
  transaction: { to?: string; data?: string; gas?: string } = { to: `0x${'11'.repeat(20)}` },
): Promise<string> {
  const [from] = await rpc<string[]>(url, 'eth_accounts')
  const hash = await rpc<string>(url, 'eth_sendTransaction', [{ from, ...transaction }])
  while ((await rpc(url, 'eth_getTransactionReceipt', [hash])) === null) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return hash
}
