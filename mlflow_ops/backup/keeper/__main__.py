"""Run the keeper."""

import sys

from mlflow_ops.backup.keeper.commands import main

sys.exit(main(sys.argv[1:]))
