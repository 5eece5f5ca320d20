"""How long it takes to empty and delete a bucket of 20,000 objects, ours against the AWS CLI's.

    make bench

Needs the extra `sandbox`, whose moto holds two equal buckets, and the `aws` command, named as the
first argument or found on the PATH. Prints a table; asserts nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3

from mlflow_ops.aws import Aws
from mlflow_ops.s3 import buckets
from mlflow_ops.wait import CLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OBJECTS = 20_000
OURS, THEIRS = "emptied-by-us", "emptied-by-aws-cli"
REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


def serve() -> None:
    """Play S3 in this process, with both buckets full, until the standard input is closed."""
    from moto.core.models import DEFAULT_ACCOUNT_ID  # noqa: PLC0415 - the other process needs no moto
    from moto.s3.models import s3_backends  # noqa: PLC0415 - likewise
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - likewise

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    s3 = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    for name in (OURS, THEIRS):
        s3.create_bucket(name, REGION)
        for number in range(OBJECTS):
            s3.put_object(name, f"1/{number:05}/artifacts/model.skops", b"model")
    print("http://{}:{}".format(*server.get_host_and_port()), flush=True)
    sys.stdin.read()
    server.stop()


@contextmanager
def emulator() -> Iterator[str]:
    """Serve from another process, and give the endpoint."""
    words = (sys.executable, __file__, "serve")
    with subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout  # noqa: S101 - asked for just above
        yield server.stdout.readline().strip()
        server.communicate()


def seconds(what: str, do: Callable[[], object]) -> float:
    """Do it, print a line of the table and return how long it took."""
    began = time.monotonic()
    do()
    took = time.monotonic() - began
    print(f"| {what:<34} | {took:7.2f} s |", flush=True)
    return took


def main() -> None:
    """Measure and print."""
    cli = sys.argv[1] if sys.argv[1:] else shutil.which("aws")
    if not cli:
        raise SystemExit("There is no aws command: name one, or `pip install awscli`.")
    with emulator() as endpoint:
        os.environ |= CREDENTIALS | {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": REGION}
        s3 = Aws(boto3.Session(), REGION, endpoint).s3
        remove = (cli, "s3", "rb", "--force", f"s3://{THEIRS}", "--region", REGION)
        print(f"| {f'{OBJECTS:,} objects, on the same moto':<34} | seconds   |")
        print("|------------------------------------|-----------|")
        seconds("ours, counting", lambda: buckets.size(s3, OURS))
        ours = seconds(
            "ours, emptying and deleting", lambda: buckets.remove(s3, OURS, CLOCK, lambda _: None)
        )
        theirs = seconds(
            "aws s3 rb --force", lambda: subprocess.run(remove, check=True, capture_output=True)
        )
        left = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    print(
        f"\nours is {theirs / ours:.1f} times as fast (target: 5); left over: {left or 'nothing'}"
    )


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["serve"] else main()
