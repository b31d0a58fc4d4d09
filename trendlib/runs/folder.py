"""The folder of a run. Results are moved into it only when they are complete."""

import hashlib
import json
import re
import shutil
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import count
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from trendlib.errors import OutputError, RunFolderError
from trendlib.files.atomic import replacing
from trendlib.files.checksums import Checksums, line_of
from trendlib.files.rows import Refusal
from trendlib.files.settings import differences
from trendlib.runs import index, records
from trendlib.runs.records import Record
from trendlib.runs.settings import Settings

MANIFEST = "run.json"
INDEX = "index.html"
PARQUET = "results.parquet"
CSV = "results.csv"
REFUSED = "refused.jsonl"
LOCK = ".lock"
STAGING = ".staging"
SENTENCES = "sentences"

RECORD = "record.json"
NOTEBOOK = "notebook.ipynb"
PAGE = "page.html"
PICTURE = "thumbnail.png"

SEAL = "record_sha256"
"""The key of a record that holds the checksum of all its others; it is the last one."""
SEALED = re.compile(rb'(.+), "%s": "([0-9a-f]{64})"\}' % SEAL.encode(), re.DOTALL)


@dataclass(frozen=True)
class Summarized:
    """What the folder of a run holds in the end.

    Attributes:
        found: The records of the sentences that have one.
        others: How many other records there are.
        aside: Tables and lists that somebody had changed, with their new names.
    """

    found: tuple[Record, ...]
    others: int
    aside: tuple[Path, ...]


class RunFolder:
    """A run's folder.

    The outputs of a sentence are written to a folder in ``STAGING``, which is moved when they are
    complete, so a killed run leaves no half sentences. A record holds its own checksum and those of
    the files beside it; what does not match them is computed again.
    """

    def __init__(self, path: Path, settings: Settings) -> None:
        """Name the folder; ``opened`` creates it."""
        self.path = path
        self.settings = settings

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Lock the folder for this run, and create it if it does not exist.

        Raises:
            RunFolderError: If it holds something else, a run with other settings, or a run that has
                not ended.
        """
        if self.path.is_symlink() and not self.path.exists():
            raise RunFolderError(f"{self.path} is a broken link: choose a folder with --out")
        if self.path.exists() and not self.path.is_dir():
            raise RunFolderError(f"{self.path} is a file: choose a folder with --out")
        manifest = self.path / MANIFEST
        if self.path.exists() and not manifest.exists() and (others := _not_ours(self.path)):
            raise RunFolderError(
                f"the folder {self.path} holds something other than a run ({others[0]}): choose a "
                "new folder, or an empty one, with --out"
            )
        self.path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path / LOCK)
        try:
            with lock.acquire(timeout=0):
                self._check_manifest(manifest)
                self._remove_staged()
                (self.path / SENTENCES).mkdir(exist_ok=True)
                try:
                    yield
                finally:
                    self._remove_staged()
        except Timeout:
            raise RunFolderError(
                f"another run is writing to {self.path}: wait until it has ended, or choose "
                "another "
                "folder with --out"
            ) from None

    def record(self, sentence: str) -> Record | None:
        """Read the record of a sentence; None if it is missing, damaged, or another sentence's.

        Its embedding becomes an array with NaN for null.
        """
        record = self._read(self.path / SENTENCES / folder_name(sentence))
        return record if record is not None and record["sentence"] == sentence else None

    def other_records(self, sentences: Collection[str]) -> list[Record]:
        """Read the records of all sentences of this folder but the given ones."""
        known = {folder_name(sentence) for sentence in sentences}
        folders = sorted(
            path for path in (self.path / SENTENCES).iterdir() if path.name not in known
        )
        found = [self._read(folder) for folder in folders]
        return [record for record in found if record is not None]

    def _read(self, folder: Path) -> Record | None:
        record = _read_record(folder)
        if record is None or differences(record, self._common):
            return None
        return record | self._common  # one text for all records, not one for each

    @cached_property
    def _common(self) -> dict[str, object]:
        """What is in every record of this run."""
        return {
            **self.settings.manifest,
            "parameters": json.dumps(dict(self.settings.parameters)),
        }

    def done(self, sentence: str, notebooks: bool) -> Record | None:
        """Read the record of a sentence, if this version of the code has made all that is wanted.

        Args:
            sentence: The sentence.
            notebooks: Whether an executed notebook and its page are wanted too; then the
                notebook's cells must be the same as well.
        """
        record = self.record(sentence)
        if record is None or record["status"] != records.DONE:
            return None
        if record["code"] != self.settings.code:
            return None
        whole = not notebooks or (
            record["cells"] == self.settings.cells
            and _files_unchanged(self.path / SENTENCES / folder_name(sentence), record["files"])
        )
        return record if whole else None

    def scratch(self, sentence: str) -> Path:
        """Create a folder for unfinished outputs; it is removed with the others."""
        path = self.path / STAGING / f"{folder_name(sentence)}.work"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def keep(self, sentence: str, record: Record, files: Mapping[str, bytes]) -> None:
        """Move the complete outputs of a sentence to its folder."""
        name = folder_name(sentence)
        staged = self.path / STAGING / name
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        complete = {
            "sentence": sentence,
            **record,
            **self._common,
            "code": self.settings.code,
            "cells": self.settings.cells if NOTEBOOK in files else None,
            "folder": f"{SENTENCES}/{name}",
            "files": {file: _sha256(content) for file, content in files.items()},
        }
        sealed = {**complete, SEAL: _sha256(_json(complete))}
        (staged / RECORD).write_bytes(_json(sealed))
        for file, content in files.items():
            (staged / file).write_bytes(content)
        final = self.path / SENTENCES / name
        if final.exists():
            # A folder cannot be replaced by another one in a single step. The old one is of no use
            # any more; if the run is killed between the steps, the sentence is run again.
            old = self.path / STAGING / f"{name}.old"
            final.rename(old)
            staged.rename(final)
            shutil.rmtree(old)
        else:
            staged.rename(final)
        shutil.rmtree(self.path / STAGING / f"{name}.work", ignore_errors=True)

    def summarize(
        self, sentences: Sequence[str], known: Mapping[str, Record], refused: Sequence[Refusal]
    ) -> Summarized:
        """Write the tables and the index: the sentences, and then all others in the folder.

        Args:
            sentences: The sentences.
            known: The records, by sentence, that were read already.
            refused: The rows of the input that hold no sentence; without any there is no list.
        """
        read = (known.get(text) or self.record(text) for text in sentences)
        found = [record for record in read if record is not None]
        others = self.other_records(sentences)
        from trendlib.runs import results  # takes a while to load: see the runner

        table = results.records_table([*found, *others], self.settings.dtype)
        entries = [self._entry(record) for record in (*found, *others)]
        waiting = len(sentences) - len(found)
        page = index.index_page(self.path.name, entries, self.settings.manifest, waiting)
        kept, aside = self._put_changed_aside()
        sums = results_checksums(self.path)
        with ExitStack() as moved_at_the_end:
            new = {
                name: moved_at_the_end.enter_context(replacing(self.path / name))
                for name in (PARQUET, CSV, INDEX, *([REFUSED] if refused else []))
            }
            results.to_parquet(table, new[PARQUET])
            results.write_csv(table, new[CSV])
            new[INDEX].write_text(page, encoding="utf-8")
            if refused:
                lines = [json.dumps(asdict(row)) + "\n" for row in refused]
                new[REFUSED].write_text("".join(lines), encoding="utf-8")
            written = [line_of(path, name) for name, path in new.items()]
            sums.write([*kept, *written])  # the old ones, too, until all have been moved
        if not refused:
            (self.path / REFUSED).unlink(missing_ok=True)
        sums.write(written)
        return Summarized(tuple(found), len(others), aside)

    def _put_changed_aside(self) -> tuple[list[str], tuple[Path, ...]]:
        """Rename what somebody has changed since it was written: it is not ours to replace.

        Returns:
            The checksums of the files that are as they were, and the new names of the others.
        """
        try:
            lines = results_checksums(self.path).lines()
        except OutputError:  # it is damaged, and is written again
            lines = []
        aside = []
        for name in (PARQUET, CSV, INDEX, REFUSED):
            path = self.path / name
            if path.is_file() and line_of(path, name) not in lines:
                aside.append(_unused(path))
                path.rename(aside[-1])
        return lines, tuple(aside)

    def _entry(self, record: Record) -> index.Entry:
        def link(file: str) -> str | None:
            address = f"{record['folder']}/{file}"
            made = file in record["files"] and (self.path / address).exists()
            return address if made else None

        return index.Entry(record, link(PAGE), link(NOTEBOOK), link(PICTURE))

    def _check_manifest(self, path: Path) -> None:
        wanted = self.settings.manifest
        if not path.exists():
            with replacing(path) as new:
                new.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
            return
        differing = differences(read_manifest(self.path), wanted)
        if differing:
            raise RunFolderError(
                f"the folder {self.path} holds a run with {differing}: choose another folder with "
                "--out"
            )

    def _remove_staged(self) -> None:
        shutil.rmtree(self.path / STAGING, ignore_errors=True)


def folder_name(sentence: str) -> str:
    """Name the folder of a sentence: its first words, to be readable, and a checksum, to be unique.

    >>> folder_name("I sold my car.")
    'i-sold-my-car-6d5b5b761509'
    """
    plain = unicodedata.normalize("NFKD", sentence[:200]).encode("ascii", "ignore").decode()
    start = re.sub(r"[^a-z0-9]+", "-", plain.lower())[:40].strip("-")
    checksum = hashlib.sha256(sentence.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{start}-{checksum}" if start else checksum


def results_checksums(folder: Path) -> Checksums:
    """Return the checksums of a run's tables."""
    return Checksums(folder / PARQUET, "run")


def _unused(path: Path) -> Path:
    """Name a changed file anew, as no other is named."""
    names = (path.with_name(f"{path.stem}.changed-{number}{path.suffix}") for number in count(1))
    return next(name for name in names if not name.exists())


def read_manifest(folder: Path) -> dict[str, object]:
    """Read the settings of a run.

    Raises:
        RunFolderError: If they are missing or damaged.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except FileNotFoundError:
        problem = "is missing"
    except (ValueError, RecursionError) as error:
        problem = f"is damaged ({error})"
    else:
        if isinstance(manifest, dict):
            return manifest
        problem = "is damaged (it holds no JSON object)"
    raise RunFolderError(
        f"{path} {problem}: choose another folder, or run the run's own command again after you "
        "have deleted that file, if you know what the run's settings were"
    )


def _read_record(folder: Path) -> Record | None:
    """Read a record; a damaged one is as good as none."""
    try:
        content = (folder / RECORD).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    sealed = SEALED.fullmatch(content)
    if sealed is None or _sha256(sealed[1] + b"}") != sealed[2].decode():
        return None
    record: Record = json.loads(content)
    if "embedding" in record:
        record["embedding"] = np.array(record["embedding"], dtype=float)
    return record if folder.name == folder_name(record["sentence"]) else None


def _files_unchanged(folder: Path, checksums: Mapping[str, str]) -> bool:
    try:
        return all(
            _sha256((folder / name).read_bytes()) == kept for name, kept in checksums.items()
        )
    except FileNotFoundError:
        return False


def _json(record: Record) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _not_ours(folder: Path) -> list[str]:
    """List what is in a folder without a run but an empty lock, which a killed run may leave."""
    return sorted(
        path.name for path in folder.iterdir() if path.name != LOCK or path.stat().st_size
    )
