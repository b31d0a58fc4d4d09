"""Paths as they are typed on the command line."""

import re
from pathlib import Path

from trendlib.errors import OutputError


def local(given: str) -> Path:
    """Take a path literally, except for a ~ at its beginning, which is a home folder.

    Raises:
        OutputError: If it is a web address (such as s3://bucket/file), the home folder of an
            unknown user, or not a path.

    >>> local("run:1/a.parquet").as_posix()
    'run:1/a.parquet'
    """
    # A single letter may be a drive.
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:[/\\]", given):
        raise OutputError(f"{given!r} is a web address: choose a file or folder on this machine")
    if not given or "\0" in given:
        raise OutputError(f"{given!r} is not a path: choose a file or folder on this machine")
    try:
        return Path(given).expanduser()
    except RuntimeError as error:
        raise OutputError(f"{given!r}: {error}: write ./~ if the name begins with ~") from error
