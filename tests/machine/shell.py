"""Running a command to its end, with its output in the error when it fails."""

from __future__ import annotations

import os
import subprocess

# Taken at import, since each test hides the user's home, proxies and settings from itself.
ENVIRONMENT = dict(os.environ)


class MachineFailed(Exception):
    """A command that prepares, runs or looks into a machine ended badly."""


def do(*command: str, deadline: float = 600, stdin: str = "") -> str:
    """Return what the command prints; raise MachineFailed after an error or `deadline` seconds."""
    try:
        done = subprocess.run(
            command,
            check=True,
            timeout=deadline,
            env=ENVIRONMENT,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except subprocess.CalledProcessError as error:
        why = f"{' '.join(command)}\nended with {error.returncode}:\n{error.output}"
        raise MachineFailed(why) from error
    except subprocess.TimeoutExpired as error:
        said = (error.output or b"").decode(errors="replace")
        why = f"{' '.join(command)}\nran longer than {deadline:.0f} s:\n{said}"
        raise MachineFailed(why) from error
    return done.stdout
