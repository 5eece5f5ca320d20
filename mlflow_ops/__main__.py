"""`python -m mlflow_ops`, the same as `mlflow-ops`."""

from mlflow_ops.cli import main

if __name__ == "__main__":
    main()
