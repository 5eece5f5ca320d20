"""The process that holds a tunnel: started by `starting`, ended by the end of its file."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from mlflow_ops.reach.tunnel.note import Way


def main() -> None:
    """Leave the one who waits, hold the tunnel, and say its port as soon as it stands."""
    request = json.load(sys.stdin)
    if os.fork():  # before any thread; who started us has a child to wait for, which ends here
        os._exit(0)
    from mlflow_ops.reach.tunnel import holding  # noqa: PLC0415 - paramiko takes 0.3 s to load

    def say(words: dict[str, object]) -> None:  # to the starter's pipe; stderr leads nowhere
        sys.stdout.write(json.dumps(words) + "\n")
        sys.stdout.flush()

    try:
        holding.hold(Path(request["folder"]), Way(**request["way"]), request["port"], say)
    except Exception as error:  # noqa: BLE001 - who waits is told, whatever it is
        say({"error": str(error)})
        sys.exit(1)


if __name__ == "__main__":
    main()
