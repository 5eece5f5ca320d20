"""The program of the sandbox's process: `python -m mlflow_ops.sandbox FOLDER`.

It comes back once the sandbox runs in the background and is ready, with exit code 1 if it is not.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Split off the process that stays, and wait for a word from it."""
    listening, telling = os.pipe()
    if os.fork():
        os.close(telling)
        sys.exit(0 if os.read(listening, 1) else 1)
    os.close(listening)
    os.setsid()
    os.umask(0o077)
    _stay(Path(sys.argv[1]), telling)


def _stay(folder: Path, telling: int) -> None:
    import asyncio  # noqa: PLC0415 - what follows takes a second, in the process that stays
    import logging  # noqa: PLC0415 - likewise

    from mlflow_ops.sandbox import service  # noqa: PLC0415 - likewise

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("asyncssh").setLevel(logging.WARNING)

    def ready() -> None:
        os.write(telling, b"\n")
        os.close(telling)

    asyncio.run(service.run(folder, ready))
    # All is closed; taking moto's thousands of objects apart would only keep `down` waiting.
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main()
