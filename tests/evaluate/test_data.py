"""Public texts: fetched once, checked, kept; or taken from a folder."""

import functools
import hashlib
import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from trendlib.errors import DataError, UnknownChoiceError
from trendlib.evaluate import data
from trendlib.evaluate.data import FOLDER_VARIABLE, Source, fetch

CONTENT = b"ham\tHello there.\nspam\tWin now!\nham\tHello there.\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str, list[str]]]:
    """A server of a folder, and what was asked of it."""
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            asked.append(self.path)

    folder = tmp_path / "served"
    folder.mkdir()
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_a_file_is_fetched_once(served: tuple[Path, str, list[str]]) -> None:
    folder, address, asked = served
    (folder / "a.tsv").write_bytes(CONTENT)
    source = Source("sms/a.tsv", f"{address}/a.tsv", SHA256, "a file")
    assert fetch(source).read_bytes() == CONTENT
    assert fetch(source).read_bytes() == CONTENT
    assert asked == ["/a.tsv"]


def test_another_file_at_the_address_is_refused(served: tuple[Path, str, list[str]]) -> None:
    folder, address, _ = served
    (folder / "a.tsv").write_bytes(b"something else")
    with pytest.raises(DataError, match="cannot be downloaded"):
        fetch(Source("sms/a.tsv", f"{address}/a.tsv", SHA256, "a file"))


def test_an_address_that_does_not_answer_is_told(tmp_path: Path) -> None:
    source = Source("sms/a.tsv", "http://127.0.0.1:9/a.tsv", SHA256, "The collection")
    with pytest.raises(DataError, match=r"The collection cannot be downloaded .* TRENDLIB_DATA"):
        fetch(source)


def test_a_download_that_drips_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dripping(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b"x")
                time.sleep(0.1)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Dripping)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(data, "DOWNLOAD_SECONDS", 0.5)
    started = time.monotonic()
    source = Source("a.tsv", f"http://127.0.0.1:{server.server_port}/a.tsv", SHA256, "a file")
    with pytest.raises(DataError, match=r"it was not done after 0\.5 s\): connect"):
        fetch(source)
    assert time.monotonic() - started < 5
    server.shutdown()


def test_a_folder_takes_the_place_of_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    source = Source("sms/a.tsv", "http://127.0.0.1:9/a.tsv", SHA256, "a file")
    with pytest.raises(DataError, match=r"has no file sms/a\.tsv"):
        fetch(source)
    (tmp_path / "sms").mkdir()
    (tmp_path / "sms" / "a.tsv").write_bytes(CONTENT + b"more")
    with pytest.raises(DataError, match="is another file"):
        fetch(source)
    (tmp_path / "sms" / "a.tsv").write_bytes(CONTENT)
    assert fetch(source) == tmp_path / "sms" / "a.tsv"


def test_sentences_are_read_and_come_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "SMS": ("s.tsv", CONTENT),
        "TREC": ("t.label", b"HUM:ind Who wrote caf\xe9 ?\nNUM:date When ?\n"),
        "STSB": (
            "b.csv",
            b'g\tf\ty\t1\t2.0\tOne "here".\tTwo.\ng\tf\ty\t1\t0\tTwo.\tThree.\tx\tz\n',
        ),
    }
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    for name, (path, content) in files.items():
        (tmp_path / path).write_bytes(content)
        source = Source(path, "", hashlib.sha256(content).hexdigest(), name)
        monkeypatch.setattr(data, name, source)
    assert data.sentences("sms") == ["Hello there.", "Win now!"]
    assert data.sentences("trec") == ["Who wrote café ?", "When ?"]
    assert data.sentences("stsb") == ['One "here".', "Two.", "Three."]
    with pytest.raises(UnknownChoiceError, match="'sms', 'trec', 'stsb'"):
        data.sentences("imdb")
