"""Loading moto's services before they are asked for, since each takes a while the first time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from werkzeug.test import Client

from mlflow_ops.sandbox import cloud

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = logging.getLogger(__name__)
REGION = "us-east-1"
# In the order in which a stack asks; each of them changes nothing.
QUESTIONS = {
    "sts": {"Action": "GetCallerIdentity", "Version": "2011-06-15"},
    "iam": {"Action": "ListUsers", "Version": "2010-05-08"},
    "s3": {},
    "ec2": {"Action": "DescribeKeyPairs", "Version": "2016-11-15"},
}


def load(application: WSGIApplication) -> None:
    """Put one question to each service that a stack needs; a failure is left to the real one."""
    cloud.ec2()
    client = Client(application)
    for service, question in QUESTIONS.items():
        scope = f"Credential=warmth/20260101/{REGION}/{service}/aws4_request"
        headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"}
        client.open("/", method="POST" if question else "GET", data=question, headers=headers)
