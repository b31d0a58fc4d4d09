"""The folder of a run: what is kept in it, and how it gets there whole or not at all."""

import hashlib
import json
import re
import shutil
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from trendlib.errors import RunFolderError
from trendlib.files.atomic import replacing
from trendlib.files.settings import differences
from trendlib.runs import index, records
from trendlib.runs.records import Record
from trendlib.runs.settings import Settings

MANIFEST = "run.json"
INDEX = "index.html"
PARQUET = "results.parquet"
CSV = "results.csv"
LOCK = ".lock"
STAGING = ".staging"
SENTENCES = "sentences"

RECORD = "record.json"
NOTEBOOK = "notebook.ipynb"
PAGE = "page.html"
PICTURE = "thumbnail.png"


class RunFolder:
    """A run's folder.

    A sentence's outputs are written to a folder of their own in ``STAGING``, which is renamed when
    they are complete: a run that is killed leaves whole sentences only.
    """

    def __init__(self, path: Path, settings: Settings) -> None:
        """Name the folder; ``opened`` makes it."""
        self.path = path
        self.settings = settings

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Lock the folder for this run, and make it if it is new.

        Raises:
            RunFolderError: If it holds something else, a run of other settings, or a run that is
                still going on.
        """
        if self.path.exists() and not self.path.is_dir():
            raise RunFolderError(f"{self.path} is a file: give a folder with --out")
        manifest = self.path / MANIFEST
        if self.path.exists() and not manifest.exists() and _visible(self.path):
            raise RunFolderError(
                f"the folder {self.path} holds something other than a run: give a new folder, or "
                "an empty one, with --out"
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
                f"another run is writing to {self.path}: wait until it has ended, or give another "
                "folder with --out"
            ) from None

    def record(self, sentence: str) -> Record | None:
        """Read a sentence's record; None if there is none, or a damaged one."""
        try:
            text = (self.path / SENTENCES / folder_name(sentence) / RECORD).read_text("utf-8")
            record: Record = json.loads(text)
        except (FileNotFoundError, ValueError):  # a damaged one is as good as none
            return None
        return record

    def is_done(self, sentence: str, notebooks: bool) -> bool:
        """Say whether a sentence has all that is wanted, made by this version of the code.

        Args:
            sentence: The sentence.
            notebooks: Whether an executed notebook and its page are wanted too; then the
                notebook's cells must be the same as well.
        """
        record = self.record(sentence)
        if record is None or record["status"] != records.DONE:
            return False
        page = self.path / SENTENCES / folder_name(sentence) / PAGE
        if record["code"] != self.settings.code:
            return False
        return not notebooks or (page.exists() and record["cells"] == self.settings.cells)

    def scratch(self, sentence: str) -> Path:
        """Make a folder for what is not complete yet; it is removed with the others."""
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
            **self.settings.manifest,
            "parameters": json.dumps(dict(self.settings.parameters)),
            "code": self.settings.code,
            "cells": self.settings.cells if NOTEBOOK in files else None,
            "folder": f"{SENTENCES}/{name}",
        }
        (staged / RECORD).write_text(json.dumps(complete, ensure_ascii=False), encoding="utf-8")
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

    def summarize(self, sentences: Sequence[str]) -> list[Record]:
        """Write the tables and the index; returns the records that there are."""
        found = [record for text in sentences if (record := self.record(text)) is not None]
        from trendlib.runs import results  # takes a while to load: see the runner

        table = results.records_table(found)
        with replacing(self.path / PARQUET) as new:
            results.to_parquet(table, new)
        with replacing(self.path / CSV) as new:
            new.write_text(results.to_csv(table), encoding="utf-8")
        waiting = len(sentences) - len(found)
        with replacing(self.path / INDEX) as new:
            entries = [self._entry(record) for record in found]
            text = index.index_page(self.path.name, entries, self.settings.manifest, waiting)
            new.write_text(text, encoding="utf-8")
        return found

    def _entry(self, record: Record) -> index.Entry:
        def link(file: str) -> str | None:
            address = f"{record['folder']}/{file}"
            return address if (self.path / address).exists() else None

        return index.Entry(record, link(PAGE), link(NOTEBOOK), link(PICTURE))

    def _check_manifest(self, path: Path) -> None:
        wanted = self.settings.manifest
        if not path.exists():
            with replacing(path) as new:
                new.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
            return
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise RunFolderError(
                f"{path} is damaged ({error}): give another folder with --out, or delete that file "
                "if you know that the folder's run had the settings that you ask for now"
            ) from error
        differing = differences(kept, wanted)
        if differing:
            raise RunFolderError(
                f"the folder {self.path} holds a run with {differing}: give another folder with "
                "--out"
            )

    def _remove_staged(self) -> None:
        shutil.rmtree(self.path / STAGING, ignore_errors=True)


def folder_name(sentence: str) -> str:
    """Name the folder of a sentence: for the eye its beginning, for certainty its checksum.

    >>> folder_name("I sold my car.")
    'i-sold-my-car-6d5b5b761509'
    """
    plain = unicodedata.normalize("NFKD", sentence[:200]).encode("ascii", "ignore").decode()
    start = re.sub(r"[^a-z0-9]+", "-", plain.lower())[:40].strip("-")
    checksum = hashlib.sha256(sentence.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{start}-{checksum}" if start else checksum


def _visible(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.startswith(".")]
