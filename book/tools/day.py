"""The day of a build."""

import os
from datetime import UTC, datetime

SOURCE_DATE_EPOCH = "SOURCE_DATE_EPOCH"
"""The environment variable that states when a build is made; see reproducible-builds.org."""


def build_date() -> str:
    """Return the day of the build: today, or that of the environment variable SOURCE_DATE_EPOCH."""
    epoch = os.environ.get(SOURCE_DATE_EPOCH)
    # If it is not a number of seconds, numpy has stopped before it comes here.
    moment = datetime.now(UTC) if epoch is None else datetime.fromtimestamp(int(epoch), UTC)
    return moment.date().isoformat()
