"""The MLflow server on its host: what it runs with, what keeps it up, and who may log in."""
