/** Why a server cannot listen at its address, in a sentence with what to do: no command ends with the name of an error for it. */

interface PortUse {
  /** How another port is set: "with --port", "in [page]". */
  setting: string
  /** What the port is for, as a person calls it, where a program has several: "the web page". */
  purpose?: string
}

/** What Node says of an address at which it could not listen. */
interface NotListening {
  code?: string
  address?: string
  port?: number
}

/** Null where the error is of another kind. */
export function whyNotListening(error: unknown, { setting, purpose }: PortUse): string | null {
  const { code, address, port } = error as NotListening
  const named = purpose === undefined ? `port ${port}` : `port ${port} for ${purpose}`
  const reasons: Record<string, string> = {
    EADDRINUSE: `${named} is taken by another program: stop that program, or choose another port ${setting}`,
    EACCES: `${named} needs rights that this user does not have: choose one above 1023 ${setting}`,
    EADDRNOTAVAIL: `this machine has no address ${address}: choose another to listen on`,
  }
  return port === undefined ? null : (reasons[code ?? ''] ?? null)
}

/** The same; of another error its own words. */
export function listenTrouble(error: unknown, use: PortUse): string {
  return whyNotListening(error, use) ?? (error as Error).message
}
