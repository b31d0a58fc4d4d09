"""The finished parts of a table, in a folder beside it.

Each part is three files: a table of the rows that have an embedding, a list of those that have
none, and the checksums of both and of the rows that they were made of. A part with wrong
checksums does not count.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
from filelock import FileLock, Timeout

from trendlib.errors import OutputError
from trendlib.files.atomic import replacing
from trendlib.files.checksums import file_sha256
from trendlib.files.rows import InputRow, Refusal
from trendlib.files.settings import differences, read_object

SETTINGS = "settings.json"
CODE = "code"
"""The key of the settings that holds the version of the code."""
OURS = re.compile(r"\.lock|settings\.json|\d+\.(parquet|jsonl|json)|joined\.\w+|\..*\.new")
"""The names of the files that the folder holds."""


class Parts:
    """The folder of the parts."""

    def __init__(self, out: Path) -> None:
        """Name the folder, beside the table that is to be made; ``opened`` makes it."""
        self.folder = out.with_name(f".{out.name}.parts")

    @contextmanager
    def opened(self, settings: Mapping[str, Any], say: Callable[[str], object]) -> Iterator[None]:
        """Lock the folder, and create it if it does not exist.

        Raises:
            OutputError: If it holds something else or parts with other settings, or if another
                command is writing to it.
        """
        self.check_ours()
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.folder / ".lock").acquire(timeout=0):
                self._check_settings(settings, say)
                with replacing(self.folder / SETTINGS) as new:
                    new.write_text(json.dumps(settings), encoding="utf-8")
                yield
        except Timeout:
            raise OutputError(
                f"another command is writing to {self.folder}: wait until it has ended, or choose "
                "another file with --out"
            ) from None

    def check_ours(self) -> None:
        """Check that the folder, if there is one, holds parts and nothing else.

        Raises:
            OutputError: If it is a file or a link, or holds something else.
        """
        folder = self.folder
        if not folder.exists() and not folder.is_symlink():
            return
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else [""]
        foreign = [name for name in names if not OURS.fullmatch(name)]
        made = (folder / SETTINGS).exists() or all(name.startswith(".") for name in names)
        if foreign or not made or folder.is_symlink():
            raise OutputError(
                f"{folder} is needed for unfinished work, but is or holds something else: choose "
                "another file with --out, or move it away"
            )

    def is_kept(self, number: int, rows: Sequence[InputRow]) -> bool:
        """Whether a part is done, unchanged, and was made from these rows."""
        record = self.path(number, "json")
        kept = read_object(record) if record.exists() else None
        return kept is not None and kept == self._record(number, rows_sha256(rows))

    def keep(
        self, number: int, rows: Sequence[InputRow], table: pa.Table, refused: Sequence[Refusal]
    ) -> None:
        """Write a part, whole or not at all."""
        with replacing(self.path(number, "jsonl")) as new:
            new.write_text("".join(json.dumps(asdict(row)) + "\n" for row in refused), "utf-8")
        with replacing(self.path(number, "parquet")) as new, new.open("wb") as file:
            pyarrow.parquet.write_table(table, file)
        with replacing(self.path(number, "json")) as new:  # last: it says that the part is done
            new.write_text(json.dumps(self._record(number, rows_sha256(rows))), encoding="utf-8")

    def path(self, number: int, suffix: str) -> Path:
        """Name one of a part's files."""
        return self.folder / f"{number:06}.{suffix}"

    def remove(self) -> None:
        """Remove the folder with what we wrote there, and nothing else."""
        for path in self.folder.iterdir():
            if OURS.fullmatch(path.name):
                path.unlink()
        if not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _record(self, number: int, rows: str) -> dict[str, str]:
        files = {suffix: self.path(number, suffix) for suffix in ("parquet", "jsonl")}
        sums = {suffix: file_sha256(path) for suffix, path in files.items() if path.is_file()}
        return {"rows": rows, **sums}

    def _check_settings(self, settings: Mapping[str, Any], say: Callable[[str], object]) -> None:
        """Refuse parts of other settings, and drop those that other code has made."""
        path = self.folder / SETTINGS
        kept = read_object(path) if path.exists() else dict(settings)
        if kept is None or CODE not in kept:
            raise OutputError(
                f"{path} is damaged, so that nobody knows what the parts beside it were made "
                "with: delete that folder, or choose another file with --out"
            )
        differing = differences(kept, settings, but=CODE)
        if differing:
            raise OutputError(
                f"the folder {self.folder} holds unfinished work with {differing}: choose "
                "another file with --out, or delete that folder"
            )
        if kept.get(CODE) == settings[CODE]:
            return
        for record in self.folder.glob("0*.json"):
            record.unlink()
        say(
            f"{self.folder} held parts by another version of trendlib's code: they are embedded "
            "again."
        )


def rows_sha256(rows: Sequence[InputRow]) -> str:
    """Compute the checksum of rows that were read."""
    read = repr([(row.number, row.text, row.problem) for row in rows])
    return hashlib.sha256(read.encode("utf-8", "backslashreplace")).hexdigest()
