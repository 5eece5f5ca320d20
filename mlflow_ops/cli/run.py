"""`mlflow-ops run`."""

from __future__ import annotations

import os
import subprocess

import click

from mlflow_ops.cli import known
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.errors import MlflowOpsError


@stack_command(
    example="$ mlflow-ops run -- python my_training.py\n"
    "(the script logs to the server, as if MLFLOW_TRACKING_URI and the login were set)"
)
@click.argument("words", metavar="-- CMD ...", nargs=-1, required=True, shell_complete=known.files)
def command(call: Call, *, words: tuple[str, ...]) -> int:
    """Run a command of your own with the tracking environment set for it alone.

    It gets MLFLOW_TRACKING_URI, the login, the certificate of the CA and, where artifacts go
    straight to the bucket, the S3 endpoint and keys. Its exit code is passed on.
    """
    own = dict(os.environ)
    with call.server() as found:
        try:
            code = subprocess.run(words, env=found.environment(own), check=False).returncode
        except OSError as error:
            raise MlflowOpsError(f"{words[0]} cannot be run: {error.strerror}.") from error
    return code if code >= 0 else 128 - code  # as a shell says that a signal ended it
