"""How AWS says no to an unknown access key, in the form each service's clients understand."""

from __future__ import annotations

import json

from werkzeug.wrappers import Response

WHY = "The sandbox takes its owner's access key and those that its IAM gave out, no other."
EC2 = "<Response><Errors><Error><Code>{}</Code><Message>{}</Message></Error></Errors></Response>"
S3 = "<Error><Code>{}</Code><Message>{}</Message></Error>"
QUERY = "<ErrorResponse><Error><Code>{}</Code><Message>{}</Message></Error></ErrorResponse>"
XML = {
    "ec2": (401, "AuthFailure", EC2),
    "s3": (403, "InvalidAccessKeyId", S3),
    "iam": (403, "InvalidClientTokenId", QUERY),
    "sts": (403, "InvalidClientTokenId", QUERY),
}


def unknown_key(service: str) -> Response:
    """Return the refusal of an access key that nobody gave out."""
    if service not in XML:
        told = {"__type": "UnrecognizedClientException", "message": WHY}
        return Response(json.dumps(told), 400, content_type="application/x-amz-json-1.1")
    status, code, form = XML[service]
    return Response(form.format(code, WHY), status, content_type="text/xml")


def not_from_here() -> Response:
    """Return the refusal of a web page, or of a name that leads to this machine by a trick."""
    return Response("The sandbox answers programs on this machine, not web pages.\n", 403)


def not_the_owner() -> Response:
    """Return the refusal of a request that only the owner's token allows."""
    return Response("This needs the sandbox's token.\n", 403)


def no_such_instance() -> Response:
    """Return EC2 Instance Connect's refusal of an instance that does not run."""
    told = {"__type": "EC2InstanceStateInvalidException", "Message": "The instance is not running."}
    return Response(json.dumps(told), 400, content_type="application/x-amz-json-1.1")


def no_price_list() -> Response:
    """Return the refusal of a question for prices."""
    told = {"__type": "NotFoundException", "Message": "The sandbox has none."}
    return Response(json.dumps(told), 400, content_type="application/x-amz-json-1.1")
