"""What the host of a server is asked, and how its first user and its session key are seen to."""

from __future__ import annotations

from mlflow_ops.commands import FOLDER, sha256
from mlflow_ops.server.serving import (
    AUTH_INI,
    PID_FILE,
    SESSION_KEY,
    SUPERVISOR,
    UNIT,
    UNIT_FILE,
    USERS,
)

FACTS = (
    *("systemd", "unit", "active", "supervisor", "running"),
    *("credentials", "config", "home", "auth", "admins", "session"),
)
COUNT_ADMINS = (
    "import sqlite3\n"  # noqa: S608 - of constants alone
    f"users = sqlite3.connect('file:{USERS}?mode=ro', uri=True)\n"
    "admins = 'SELECT count(*) FROM users WHERE is_admin'\n"
    "print(users.execute(admins).fetchone()[0])"
)
ADMINS = f'{FOLDER}/.venv/bin/python -c "{COUNT_ADMINS}" 2>/dev/null'
# Born private, and never an argument of any program: `printf` and `read` are the shell's own.
GOOD_KEY = r"MLFLOW_FLASK_SERVER_SECRET_KEY=[0-9a-f]\{64\}"
SESSION_KEYS = f"LC_ALL=C grep -cx '{GOOD_KEY}' {SESSION_KEY} 2>/dev/null"
MAKE_SESSION_KEY = (
    f'[ "$({SESSION_KEYS})" = 1 ] || (umask 077 && '
    "key=$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \\n') && "
    f"printf 'MLFLOW_FLASK_SERVER_SECRET_KEY=%s\\n' \"$key\" > {SESSION_KEY})"
)
# The server makes its first user within seconds of its start; then nothing needs the password.
WAIT_FOR_ADMIN = (
    f'for _ in $(seq 300); do [ "$({ADMINS})" -gt 0 ] 2>/dev/null && exit 0; sleep 0.2; done; '
    "echo 'The server has not made its first user.'; exit 1"
)


def facts() -> str:
    """Return the command that prints what the server step needs to know, as KEY=VALUE lines."""
    return "\n".join(
        (
            'echo "systemd=$(systemctl is-system-running 2>/dev/null)"',
            f'echo "unit=$({sha256(UNIT_FILE)})"',
            f'echo "active=$(systemctl is-active {UNIT} 2>/dev/null)"',
            f'echo "supervisor=$({sha256(SUPERVISOR)})"',
            f'echo "running=$(kill -0 "$(cat {PID_FILE} 2>/dev/null)" 2>/dev/null && echo yes)"',
            f'echo "credentials=$({sha256(".aws/credentials")})"',
            f'echo "config=$({sha256(".aws/config")})"',
            f'echo "auth=$({sha256(AUTH_INI)})"',
            f'echo "admins=$({ADMINS})"',
            f'echo "session=$({SESSION_KEYS})"',
            'echo "home=$HOME"',
        )
    )
