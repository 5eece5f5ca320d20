"""The strict cloud in a process of its own, for command lines that are given only its URL.

    python emulator.py ADDRESS

Its instances get ADDRESS, a loopback one, instead of a random address that is somebody's.
"""

from __future__ import annotations

import sys
import time

from cloud import server

if __name__ == "__main__":
    with server.serving(sys.argv[1]) as cloud:
        print(cloud.endpoint, flush=True)  # noqa: T201 - what the test waits for
        while True:
            time.sleep(3600)
