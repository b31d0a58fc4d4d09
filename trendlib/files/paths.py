"""Paths as they are given to a command."""

import re
from pathlib import Path

from trendlib.errors import OutputError


def local(path: Path) -> Path:
    """Take a path literally, but for a tilde at its beginning, which is a home folder.

    Raises:
        OutputError: If it is an address, such as s3://bucket/file, or the home of nobody.

    >>> local(Path("run:1/a.parquet")).as_posix()
    'run:1/a.parquet'
    """
    # Path takes one of the two slashes away. A single letter may be a drive.
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:[/\\]", str(path)):
        raise OutputError(f"{str(path)!r} is an address: give a file or folder of this machine")
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise OutputError(f"{str(path)!r}: {error}: give ./~ for the name itself") from error
