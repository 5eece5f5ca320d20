"""Your own MLflow tracking server on AWS, made and taken away by one command each."""

__version__ = "0.1.0"
