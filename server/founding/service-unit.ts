/** The unit by which systemd runs a server: it has its own user and its own folder, and may use nothing else of the machine. */
import { serverProgram } from '../project-files.ts'

/** The unit of the server whose folder this is (an absolute path). */
export function serverUnit(folder: string): string {
  return `# sudo useradd --system --home-dir ${folder} commonwatt && sudo chown -R commonwatt: ${folder}
# sudo cp commonwatt.service /etc/systemd/system/ && sudo systemctl enable --now commonwatt
[Unit]
Description=Commonwatt market server
Documentation=file:${folder}
Wants=network-online.target
After=network-online.target postgresql.service

[Service]
User=commonwatt
WorkingDirectory=${folder}
ExecStart=${process.execPath} ${serverProgram} serve --config ${folder}/commonwatt.toml
Restart=on-failure
RestartSec=5
# A batch under way is finished first.
TimeoutStopSec=60
UMask=0077

ReadWritePaths=${folder}
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
ProtectHostname=yes
ProtectClock=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectProc=invisible
ProcSubset=pid
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
LockPersonality=yes
KeyringMode=private
# JavaScript is compiled as it runs: MemoryDenyWriteExecute would end the process.
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`
}
