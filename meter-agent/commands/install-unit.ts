/** What `commonwatt-agent install-service` does: writes the unit and lets systemd run it. */
import { spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileTrouble } from '../../contracts/protocol/disk-fault.ts'
import { type AgentConfig, ConfigError, readConfig } from '../setup/config.ts'
import { type ServiceFacts, serviceUnit } from './service-unit.ts'

const unitName = 'commonwatt-agent.service'
const systemFolder = '/etc/systemd/system'
/** This folder is there while systemd runs the computer. */
const runningMark = '/run/systemd/system'

export interface InstallOptions {
  config: string
  user?: string
  folder?: string
  print?: boolean
}

/** Throws `ConfigError` that says what to do. */
export async function installUnit({ config: given, user, folder, print }: InstallOptions): Promise<void> {
  const file = resolve(given)
  const unit = serviceUnit(await factsOf(file, await readConfig(file), user))
  if (print) {
    process.stdout.write(unit)
    return
  }
  const target = join(folder ?? systemFolder, unitName)
  await writeFile(target, unit, { mode: 0o644 }).catch((error) => {
    throw new ConfigError(
      'CONFIG_UNREADABLE',
      [`${target} cannot be written: ${fileTrouble(error)}: run this with sudo`],
      error,
    )
  })
  process.stdout.write(`Written: ${target}\n`)
  if (folder === undefined) start()
}

async function factsOf(file: string, config: AgentConfig, user: string | undefined): Promise<ServiceFacts> {
  const { uid } = await stat(file)
  if (!existsSync(config.dataFolder)) {
    throw new ConfigError('CONFIG_INVALID', [
      `there is no folder ${config.dataFolder} yet: run "commonwatt-agent pair" or "enrol" first`,
    ])
  }
  const devices = config.meters.flatMap(({ grid, others }) => [grid, ...others])
  const serialPorts = devices.flatMap(({ url }) => /^(?:rtu|p1|sml):\/\/(\/[^?#]+)/.exec(url)?.[1] ?? [])
  return {
    node: process.execPath,
    program: realpathSync(process.argv[1]!),
    config: file,
    user: user ?? `${uid}`,
    // A key that follows is made beside the present one.
    writable: [...new Set([config.dataFolder, ...config.meters.map(({ keyFile }) => dirname(keyFile))])],
    serialPorts: [...new Set(serialPorts)],
  }
}

function start(): void {
  if (!existsSync(runningMark)) {
    process.stdout.write(
      `systemd does not run here; where it does: systemctl daemon-reload && systemctl enable --now ${unitName}\n`,
    )
    return
  }
  for (const args of [['daemon-reload'], ['enable', unitName], ['restart', unitName]]) {
    const { status } = spawnSync('systemctl', args, { stdio: 'inherit' })
    if (status !== 0) {
      throw new ConfigError('CONFIG_INVALID', [`"systemctl ${args.join(' ')}" failed: see "journalctl -u ${unitName}"`])
    }
  }
  process.stdout.write(`The agent runs: see "commonwatt-agent status" and "journalctl -u ${unitName}"\n`)
}
