/** The text of the agent’s unit for systemd: facts in, text out. */

/**
 * A home gateway has little memory: little space for young objects, one thread that helps to collect them, and small code rather than
 * fast. Some 10 MB less. The command itself begins with the same, in the first line of `bin/commonwatt-agent.js`.
 */
export const sparingFlags = ['--max-semi-space-size=1', '--v8-pool-size=1', '--optimize-for-size']

export interface ServiceFacts {
  /** Paths are absolute. */
  node: string
  program: string
  config: string
  /** The user's name or number. */
  user: string
  writable: readonly string[]
  serialPorts: readonly string[]
}

/**
 * A unit that comes back after every end but a mistake of a person's (status 2), writes into its own folders only, and reaches nothing
 * but the network and the serial ports that are configured.
 */
export function serviceUnit({ node, program, config, user, writable, serialPorts }: ServiceFacts): string {
  const devices = serialPorts.map((port) => `DeviceAllow=${quoted(port)} rw`)
  return `# Made by "commonwatt-agent install-service"; made anew by it when devices or folders change.
[Unit]
Description=Commonwatt meter agent
Wants=network-online.target
After=network-online.target time-sync.target
StartLimitIntervalSec=0

[Service]
Type=exec
User=${user}
ExecStart=${[node, ...sparingFlags, program, 'run', '--config', config].map(quoted).join(' ')}
Restart=always
RestartSec=5
# A mistake in the configuration needs a person.
RestartPreventExitStatus=2
TimeoutStopSec=15
UMask=0077
MemoryMax=256M
${serialPorts.length > 0 ? 'SupplementaryGroups=dialout\n' : ''}
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ReadWritePaths=${writable.map(quoted).join(' ')}
PrivateTmp=yes
${serialPorts.length > 0 ? ['DevicePolicy=closed', ...devices].join('\n') : 'PrivateDevices=yes'}
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources

[Install]
WantedBy=multi-user.target
`
}

/** As systemd reads words with blanks, quotes, and its own marks `%` and `$` in them. */
function quoted(word: string): string {
  const escaped = word.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /[\s"'\\;]/.test(word) ? `"${escaped}"` : escaped
}
