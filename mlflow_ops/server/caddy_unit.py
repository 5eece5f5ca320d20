"""The systemd unit of the HTTPS proxy, as text."""

from __future__ import annotations

UNIT = "mlflow-caddy"
UNIT_FILE = f"/etc/systemd/system/{UNIT}.service"
SETTINGS = f"/etc/{UNIT}/Caddyfile"
# Not in the user's home, which is closed to the proxy.
PROGRAM = f"/usr/local/lib/{UNIT}/caddy"

# A user of its own that exists while it runs, and may do nothing but listen on port 80.
UNIT_TEXT = f"""\
[Unit]
Description=HTTPS for the MLflow tracking server
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
DynamicUser=yes
User={UNIT}
StateDirectory={UNIT}
StateDirectoryMode=0700
Environment=HOME=/var/lib/{UNIT} XDG_DATA_HOME=/var/lib/{UNIT} XDG_CONFIG_HOME=/var/lib/{UNIT}
# Go's collector grows to twice what it needs, which a host of 1 GiB does not have to spare.
Environment=GOMEMLIMIT=48MiB
ExecStart={PROGRAM} run --config {SETTINGS} --adapter caddyfile
Restart=always
RestartSec=1
RestartSteps=5
RestartMaxDelaySec=30
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectSystem=strict
ProtectHome=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
UMask=0077

[Install]
WantedBy=multi-user.target
"""
