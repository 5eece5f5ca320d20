"""Run the watcher."""

import sys

from mlflow_ops.lifetime.watcher.commands import main

sys.exit(main(sys.argv[1:]))
