/** The certificate file that the configuration names for the server. */
import { readFile } from 'node:fs/promises'
import { type AgentConfig, ConfigError } from '../setup/config.ts'
import { type ServerTrust, trustOnly } from './server-http.ts'

/** Whom the configuration wants the server to be. Throws a `ConfigError` for a file that holds no certificate. */
export async function configuredTrust({ serverCaFile }: Pick<AgentConfig, 'serverCaFile'>): Promise<ServerTrust> {
  if (serverCaFile === null) return undefined
  try {
    return trustOnly(await readFile(serverCaFile, 'utf8'))
  } catch (error) {
    throw new ConfigError('CONFIG_INVALID', [`server.caFile: ${serverCaFile}: ${(error as Error).message}`], error)
  }
}
