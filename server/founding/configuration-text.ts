/** The text of a community's `commonwatt.toml`, from the answers to the questions of founding. */
import { stringify } from 'smol-toml'
import type { Answers } from './answers.ts'

/** What is written beside the answers. */
export interface MoreConfiguration {
  areaFiles?: readonly string[]
  /** Further options, by their keys. */
  options?: Record<string, string | number>
}

/** Every key is an option of `commonwatt serve`; paths are relative to the file. */
export function configurationText(answers: Answers, more: MoreConfiguration = {}): string {
  const { areaFiles = ['area.json'], options } = more
  const config = {
    'database-url': answers.databaseUrl,
    'key-file': 'keys/operator.key',
    'relay-key-file': 'keys/relay.key',
    host: '127.0.0.1',
    port: Number(answers.port),
    'metrics-port': Number(answers.metricsPort),
    ...(answers.origin === '' ? {} : { origin: [answers.origin], 'trust-proxy': 'loopback' }),
    confirmations: Number(answers.confirmations),
    'backup-folder': 'backups',
    'archive-folder': 'archives',
    escrow: [{ 'rpc-url': answers.rpcUrl, deployment: 'deployment.json', 'area-file': areaFiles }],
    ...options,
  }
  return `# What "commonwatt serve --config" is told; every key is an option of that command. It holds secrets: mode 0600.
${stringify(config)}
`
}
