"""A hub on this machine, with one repository."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from huggingface_hub import constants, file_download

from trendlib.model import hub

FIRST, SECOND = "a" * 40, "b" * 40
NAME = "someone/tiny-roberta"
OLD_NAME = "tiny-roberta"


@dataclass
class Site:
    """What the hub of a test has.

    Attributes:
        folders: The files of each commit.
        branches: The commits that branches lead to.
        name: The repository.
        status: The answer to all questions, if not 0.
        code: The hub's own word for it.
        busy: How many downloads it refuses before it lets one through.
        busy_with: The answer to those.
        retry_after: For how many seconds it asks to wait then.
        ends_at: By file, how many of its bytes come before the connection is cut.
        stalls_at: By file, how many of its bytes come before nothing more comes.
        trickles: The files of which a byte comes now and then.
        asked: The paths that were asked for.
        ranges: The parts of files that were asked for, as the client says it.
    """

    folders: dict[str, Path]
    branches: dict[str, str]
    name: str = NAME
    status: int = 0
    code: str | None = None
    busy: int = 0
    busy_with: int = 503
    retry_after: int | None = None
    ends_at: dict[str, int] = field(default_factory=dict)
    stalls_at: dict[str, int] = field(default_factory=dict)
    trickles: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)


class Handler(http.server.BaseHTTPRequestHandler):
    """As much of the hub as its client needs."""

    site: Site

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        self.site.asked.append(self.path)
        if self.site.status:
            return self._refuse(self.site.status, self.site.code)
        path = urlsplit(self.path).path  # a proxy is asked for a whole address
        name, _, rest = path[1:].partition("/resolve/")
        if name == OLD_NAME:
            return self._lead_on(f"/{self.site.name}/resolve/{rest}")
        revision, _, file = rest.partition("/")
        commit = self.site.branches.get(revision, revision)
        if name != self.site.name:
            return self._refuse(404, "RepoNotFound")
        if commit not in self.site.folders:
            return self._refuse(404, "RevisionNotFound")
        served = self.site.folders[commit] / file
        if not served.is_file():
            return self._refuse(404, "EntryNotFound", commit)
        if with_body and self.site.busy:
            self.site.busy -= 1
            return self._refuse(self.site.busy_with, None)
        content = served.read_bytes()
        first = self._first_byte()
        self.send_response(206 if first else 200)
        if first:
            last = len(content) - 1
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(content) - first))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", commit)
        self.end_headers()
        if with_body:
            self._send(file, content[first:])
        return None

    def _first_byte(self) -> int:
        """Where the client wants to go on."""
        asked = self.headers.get("Range")
        if asked is None:
            return 0
        self.site.ranges.append(asked)
        return int(asked.removeprefix("bytes=").rstrip("-"))

    def _send(self, file: str, content: bytes) -> None:
        site = self.site
        end = site.ends_at.get(file, site.stalls_at.get(file, len(content)))
        if file in site.trickles:
            for byte in content:
                if site.closing.wait(0.05):
                    return
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
        self.wfile.write(content[:end])
        self.wfile.flush()
        if file in site.stalls_at:
            site.closing.wait()
        self.close_connection = True

    def _lead_on(self, path: str) -> None:
        self.send_response(307)
        self.send_header("Content-Length", "0")
        self.send_header("Location", path)
        self.end_headers()

    def _refuse(self, status: int, code: str | None, commit: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        if code is not None:
            self.send_header("X-Error-Code", code)
        if self.site.retry_after is not None:
            self.send_header("Retry-After", str(self.site.retry_after))
        if commit is not None:
            self.send_header("X-Repo-Commit", commit)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(site: Site) -> Iterator[str]:
    """Answer as the hub does; yields the address."""
    handler = type("OwnHandler", (Handler,), {"site": site})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        site.closing.set()
        server.shutdown()
        server.server_close()


def use_hub(monkeypatch: pytest.MonkeyPatch, endpoint: str, cache: Path) -> None:
    """Let this process ask the hub at an address, with an empty cache."""
    template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    # huggingface_hub before 1.0 has a copy of it, which a later one does not miss.
    monkeypatch.setattr(file_download, "HUGGINGFACE_CO_URL_TEMPLATE", template, raising=False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    hub.resolve.cache_clear()
