"""The region that AWS's own environment and files lead to; nobody is asked for it."""

from __future__ import annotations

import os

# Ours, where nothing says one.
FALLBACK = "us-east-1"
# In the order in which `aws.connect` takes them.
VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")


def usual(profile: str | None) -> tuple[str | None, str | None]:
    """Return the region and what says so, a variable or a file, as far as anything does."""
    import botocore.exceptions as sdk  # noqa: PLC0415 - it takes 0.2 s to load, and a file of options needs it not
    import botocore.session  # noqa: PLC0415 - likewise

    for name in VARIABLES:
        if found := os.environ.get(name):
            return found, name
    session = botocore.session.Session(profile=profile)
    try:
        found = session.get_config_variable("region")
    except (sdk.ProfileNotFound, sdk.ConfigParseError):  # `up` says what is wrong with those
        return None, None
    return found, str(session.get_config_variable("config_file")) if found else None
