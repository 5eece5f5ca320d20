"""The machine behind the instance, over SSH; the only place that knows paramiko."""

from mlflow_ops.host.connecting import USER, Login, connect
from mlflow_ops.host.session import Host

__all__ = ["USER", "Host", "Login", "connect"]
