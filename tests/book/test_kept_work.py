"""What a build keeps: only what is no longer valid is made again, and damage is noticed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nbformat
import papermill
import psutil
import pytest
from filelock import FileLock

import chapters
import kept
from chapters import Chapter, Failure, run_chapters, to_run, with_outputs
from day import build_date
from editions import CHINESE
from helpers.notebook_outputs import text_outputs
from helpers.pages import build_site
from helpers.paths import BOOK, ROOT
from helpers.programs import warm_kernels
from helpers.runs import seen_on_a_terminal
from kept import Kept, fingerprint, folder_checksum, link_files
from pages import HtmlPages, PagesError, check
from parts import LIVE, LIVE_FOLDER, Parts
from trendlib.model.weights import MINILM, Weights, find_weights

TREND = "from trendlib.trend import log_quotient\nprint(log_quotient.__name__)"
MESSAGE = "from trendlib.language import _\nprint(_('not run'))"


@pytest.fixture(scope="module")
def weights() -> Weights:
    return find_weights(MINILM.name)


def chapter_of(folder: Path, name: str, weights: Weights, *cells: str) -> Chapter:
    path = folder / f"{name}.ipynb"
    parameters = nbformat.v4.new_code_cell(
        f'model: str = "{MINILM.name}"', metadata={"tags": ["parameters"]}
    )
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]
    text = nbformat.v4.new_markdown_cell(f"# The chapter {name}")
    kernel = {"name": "python3", "display_name": "Python", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=[text, parameters, *code], metadata={"kernelspec": kernel}
    )
    nbformat.write(notebook, path)
    return Chapter(path, weights)


def edited(chapter: Chapter, old: str, new: str) -> Chapter:
    """Change a chapter's notebook as an author does between two builds."""
    text = chapter.path.read_text(encoding="utf-8")
    assert old in text
    chapter.path.write_text(text.replace(old, new), encoding="utf-8")
    return replace(chapter)


def run(folder: Path, *which: Chapter, timeout: float = 300) -> list[Failure]:
    done: list[int] = []
    kept, failed = Kept(folder / "kept"), folder / "failed"
    failures = run_chapters(which, kept, failed, folder / "log", lambda: done.append(1), timeout)
    assert len(done) == len(which)
    return failures


def names(found: list[Chapter]) -> list[str]:
    return [chapter.path.stem for chapter in found]


@pytest.fixture(scope="module")
def two_kept(
    tmp_path_factory: pytest.TempPathFactory, weights: Weights
) -> tuple[Path, list[Chapter]]:
    folder = tmp_path_factory.mktemp("two")
    both = [
        chapter_of(folder, "one", weights, TREND),
        chapter_of(folder, "two", weights, "print('two')"),
    ]
    assert names(to_run(both, Kept(folder / "kept"))) == ["one", "two"]
    with warm_kernels():
        assert run(folder, *both) == []
    assert to_run(both, Kept(folder / "kept")) == []
    return folder, both


def test_a_changed_cell_runs_that_chapter_only(two_kept: tuple[Path, list[Chapter]]) -> None:
    folder, (one, two) = two_kept
    changed = edited(two, "print('two')", "print('three')")
    assert names(to_run([replace(one), changed], Kept(folder / "kept"))) == ["two"]
    back = edited(two, "print('three')", "print('two')")
    assert to_run([back], Kept(folder / "kept")) == []


def test_a_changed_tag_runs_the_chapter(two_kept: tuple[Path, list[Chapter]]) -> None:
    folder, (one, _) = two_kept
    other = edited(one, '"parameters"', '"remove-cell"')
    assert names(to_run([other], Kept(folder / "kept"))) == ["one"]
    edited(one, '"remove-cell"', '"parameters"')


def test_a_changed_text_keeps_the_outputs(two_kept: tuple[Path, list[Chapter]]) -> None:
    folder, (_, two) = two_kept
    retold = edited(two, "The chapter two", "A new title")
    assert to_run([retold], Kept(folder / "kept")) == []
    piece = Kept(folder / "kept").read(retold.name, retold.key)
    assert piece is not None
    assert piece.seconds > 0
    cells = nbformat.reads(with_outputs(retold, piece.content).decode(), as_version=4).cells
    assert [cell.source for cell in cells][::2] == ["# A new title", "print('two')"]
    assert cells[2].outputs[0].text == "two\n"
    assert [cell.get("execution_count") for cell in cells] == [None, 1, 2]


def test_another_model_is_not_mixed_up(two_kept: tuple[Path, list[Chapter]]) -> None:
    folder, (one, _) = two_kept
    for other in (
        replace(one.weights, model_sha256="0" * 64),
        replace(one.weights, revision="another"),
        replace(one.weights, name="another"),
    ):
        assert names(to_run([replace(one, weights=other)], Kept(folder / "kept"))) == ["one"]


@pytest.mark.parametrize(("of", "name"), [(kept, "version"), (kept.platform, "python_version")])
def test_other_versions_run_all_chapters(
    two_kept: tuple[Path, list[Chapter]], monkeypatch: pytest.MonkeyPatch, of: object, name: str
) -> None:
    folder, both = two_kept
    monkeypatch.setattr(of, name, lambda *_: "0.0.1")
    again = [replace(chapter) for chapter in both]
    assert names(to_run(again, Kept(folder / "kept"))) == ["one", "two"]


@pytest.mark.parametrize(
    ("file", "old", "new", "chapters_run", "pages_are_read"),
    [
        ("trend.py", "np.log(", "np.log2(", True, True),
        ("show/report.py", "focus word is", "first word is", True, True),
        ("articles/printed/token_trends.json", "1", "2", True, True),
        ("trend.py", "import numpy", "# why\nimport numpy", False, False),
        ("trend.py", '"""', '"""Once more. ', False, True),
    ],
)
def test_code_counts_and_comments_do_not(
    tmp_path: Path, file: str, old: str, new: str, chapters_run: bool, pages_are_read: bool
) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    text = (ROOT / "trendlib" / file).read_text(encoding="utf-8")
    assert old in text
    path.write_text(text, encoding="utf-8")
    before = [fingerprint(tmp_path, docstrings=count) for count in (False, True)]
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    fingerprint.cache_clear()
    after = [fingerprint(tmp_path, docstrings=count) for count in (False, True)]
    changed = [one != other for one, other in zip(before, after, strict=True)]
    assert changed == [chapters_run, pages_are_read]


def test_chapters_depend_on_the_package(
    two_kept: tuple[Path, list[Chapter]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, both = two_kept
    monkeypatch.setattr(chapters, "chapters_code", lambda: "another")
    again = [replace(chapter) for chapter in both]
    assert names(to_run(again, Kept(folder / "kept"))) == ["one", "two"]


def remove_record(path: Path) -> None:
    path.with_name(f"{path.name}.json").unlink()


def cut_record(path: Path) -> None:
    path.with_name(f"{path.name}.json").write_text('{"key": "', encoding="utf-8")


def nest_record(path: Path) -> None:
    path.with_name(f"{path.name}.json").write_text("[" * 100_000, encoding="utf-8")


def empty_record(path: Path) -> None:
    path.with_name(f"{path.name}.json").write_text("null", encoding="utf-8")


def change_a_byte(path: Path) -> None:
    path.write_bytes(b"x" + path.read_bytes()[1:])


@pytest.mark.parametrize(
    "damage", [remove_record, cut_record, nest_record, empty_record, change_a_byte, Path.unlink]
)
def test_what_is_damaged_is_made_again(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    store = Kept(tmp_path)
    store.write("chapter.ipynb", "key", b"content", 2.5)
    piece = store.read("chapter.ipynb", "key")
    assert piece is not None
    assert (piece.content, piece.seconds, piece.day) == (b"content", 2.5, build_date())
    assert store.read("chapter.ipynb", "another key") is None
    damage(tmp_path / "chapter.ipynb")
    assert store.read("chapter.ipynb", "key") is None


@warm_kernels()
def test_a_chapter_that_fails_does_not_stop_the_others(tmp_path: Path, weights: Weights) -> None:
    wrong = chapter_of(tmp_path, "wrong", weights, "print('before')", "1 / 0", "print('after')")
    dies = chapter_of(tmp_path, "dies", weights, "import os\nos._exit(1)")
    right = chapter_of(tmp_path, "right", weights, "print('right')")
    failures = {each.chapter.path.stem: each for each in run(tmp_path, wrong, dies, right)}
    assert failures.keys() == {"wrong", "dies"}
    assert failures["wrong"].reason == "code cell 3: ZeroDivisionError: division by zero"
    assert "the worker died 2 times" in failures["dies"].reason
    assert names(to_run([wrong, dies, right], Kept(tmp_path / "kept"))) == ["wrong", "dies"]
    notebook = failures["wrong"].notebook
    assert notebook is not None
    assert "ZeroDivisionError" in notebook.read_text(encoding="utf-8")


@warm_kernels()
def test_a_chapter_that_hangs_has_an_end(tmp_path: Path, weights: Weights) -> None:
    hangs = chapter_of(tmp_path, "hangs", weights, "import time\ntime.sleep(600)")
    started = time.monotonic()
    (failure,) = run(tmp_path, hangs, timeout=3)
    assert time.monotonic() - started < 120
    assert "no answer in 3 s" in failure.reason
    assert "--timeout" in failure.reason
    assert names(to_run([hangs], Kept(tmp_path / "kept"))) == ["hangs"]


LEAVES = """import os, matplotlib.pyplot as plt
left = 1
plt.rcParams["lines.linewidth"] = 9
plt.figure()
os.chdir("/")"""
SHOWS = """import os, matplotlib.pyplot as plt
print("left" in globals(), plt.rcParams["lines.linewidth"], plt.get_fignums(), os.getcwd() == "/")
figure, axes = plt.subplots()
axes.plot([1, 3, 2]);"""


def test_a_warm_kernel_shows_what_a_fresh_one_shows(
    tmp_path: Path, weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trendlib.runs.kernels.usable_cores", lambda: 1)  # one after the other
    first = chapter_of(tmp_path, "first", weights, LEAVES)
    second = chapter_of(tmp_path, "second", weights, SHOWS)
    assert run(tmp_path, first, second) == []
    piece = Kept(tmp_path / "kept").read(second.name, second.key)
    assert piece is not None
    papermill.execute_notebook(
        second.path, tmp_path / "fresh.ipynb", kernel_name="python3", progress_bar=False
    )
    warm = tmp_path / "warm.ipynb"
    warm.write_bytes(with_outputs(second, piece.content))
    assert text_outputs(warm) == text_outputs(tmp_path / "fresh.ipynb")
    assert "False 1.5 [] False" in "".join(text_outputs(warm))
    pictures = [
        output.data["image/png"]
        for path in (warm, tmp_path / "fresh.ipynb")
        for output in nbformat.read(path, as_version=4).cells[2].outputs
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == 2
    assert pictures[0] == pictures[1]


@warm_kernels()
def test_editions_are_run_in_their_own_language(tmp_path: Path, weights: Weights) -> None:
    catalogue = tmp_path / "zh.mo"
    catalogue.write_bytes(CHINESE.compiled("trendlib"))
    english = chapter_of(tmp_path, "said", weights, MESSAGE)
    chinese = replace(english, language="zh", catalogue=catalogue)
    assert run(tmp_path, english, chinese, replace(english, language="en-again")) == []
    said = []
    for chapter in (english, chinese, replace(english, language="en-again")):
        piece = Kept(tmp_path / "kept").read(chapter.name, chapter.key)
        assert piece is not None
        outputs = nbformat.reads(piece.content.decode(), as_version=4).cells[2].outputs
        said.append(outputs[0].text.strip())
    assert said == ["not run", "未运行", "not run"]
    catalogue.write_bytes(catalogue.read_bytes() + b" ")
    fingerprint.cache_clear()
    assert names(to_run([replace(chinese)], Kept(tmp_path / "kept"))) == ["said"]


@warm_kernels()
def test_another_model_stands_in_the_chapter(tmp_path: Path, weights: Weights) -> None:
    other = replace(weights, name="someone/another", revision="c" * 40)
    chapter = chapter_of(tmp_path, "which", other, "print(model)")
    assert run(tmp_path, chapter) == []
    piece = Kept(tmp_path / "kept").read(chapter.name, chapter.key)
    assert piece is not None
    cells = nbformat.reads(with_outputs(chapter, piece.content).decode(), as_version=4).cells
    assert [cell.source.splitlines()[-1] for cell in cells][1:] == [
        f'model: str = "{MINILM.name}"',
        f'model = "{other.choice}"',
        "print(model)",
    ]
    assert cells[3].outputs[0].text == f"someone/another@{other.revision}\n"


def test_with_another_model_what_is_true_of_its_own_is_left_out(
    tmp_path: Path, weights: Weights
) -> None:
    own = chapter_of(tmp_path, "which", weights, "print(model)", "print('a fact')")
    notebook = nbformat.read(own.path, as_version=4)
    comment = nbformat.v4.new_markdown_cell("> **What we see.** It wins.")
    comment.metadata["tags"] = notebook.cells[-1].metadata["tags"] = ["default-only"]
    notebook.cells.insert(3, comment)
    nbformat.write(notebook, own.path)
    other = replace(own, weights=replace(weights, name="another"))
    shown = []
    for chapter in (own, other):
        assert run(tmp_path, chapter) == []
        piece = Kept(tmp_path / "kept").read(chapter.name, chapter.key)
        assert piece is not None
        cells = nbformat.reads(with_outputs(chapter, piece.content).decode(), as_version=4).cells
        shown.append([cell.source for cell in cells])
    assert shown[0][2:] == ["print(model)", comment.source, "print('a fact')"]
    assert shown[1][-1] == "print(model)"
    assert "made with" not in "".join(shown[0])
    assert shown[1][1].startswith("> This page was made with another.")
    assert f"({MINILM.name}), and are left out" in shown[1][1]


def test_a_chapter_without_a_model_has_no_parameters(tmp_path: Path, weights: Weights) -> None:
    chapter = chapter_of(tmp_path, "printed", replace(weights, name="another"), "print('as is')")
    notebook = nbformat.read(chapter.path, as_version=4)
    del notebook.cells[1]
    nbformat.write(notebook, chapter.path)
    assert chapter.parameters == {}
    assert run(tmp_path, chapter) == []


FIGURE = """
import matplotlib.pyplot as plt
from trendlib.show.captions import captioned
figure, _ = plt.subplots(figsize=(1, 1))
plt.close(figure)
captioned(figure, caption="What to look for.", alt="A frame with nothing in it.")
"""


def test_a_caption_in_the_outputs_becomes_the_books_own(tmp_path: Path, weights: Weights) -> None:
    chapter = chapter_of(tmp_path, "drawn", weights, FIGURE)
    notebook = nbformat.read(chapter.path, as_version=4)
    notebook.cells[0].source = "See [words](../book/glossary.md), [it](../book/references.bib)."
    nbformat.write(notebook, chapter.path)
    assert run(tmp_path, chapter) == []
    piece = Kept(tmp_path / "kept").read(chapter.name, chapter.key)
    assert piece is not None
    text, _, figure = nbformat.reads(with_outputs(chapter, piece.content).decode(), 4).cells
    assert text.source == "See [words](../glossary.md), [it](../bibliography.md)."
    assert figure.metadata["mystnb"] == {
        "figure": {"caption": "What to look for."},
        "image": {"alt": "A frame with nothing in it."},
    }
    assert [set(output.data) for output in figure.outputs] == [{"image/svg+xml", "text/plain"}]


KILLED = """
import sys
from pathlib import Path
from chapters import Chapter, run_chapters
from kept import Kept
from trendlib.model.weights import find_weights
folder = Path(sys.argv[1])
weights = find_weights("all-MiniLM-L6-v2")
which = [Chapter(folder / f"{name}.ipynb", weights) for name in ("quick", "slow")]
run_chapters(which, Kept(folder / "kept"), folder / "failed", folder / "log", lambda: None)
"""


def wait_until(is_so: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.1)


def test_a_killed_build_goes_on_with_what_is_done(tmp_path: Path, weights: Weights) -> None:
    quick = chapter_of(tmp_path, "quick", weights, "print('quick')")
    slow = chapter_of(tmp_path, "slow", weights, "import time\ntime.sleep(600)")
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, tmp_path],
        env={**os.environ, "PYTHONPATH": f"{BOOK / 'tools'}{os.pathsep}{ROOT}"},
    )
    store = Kept(tmp_path / "kept")
    wait_until(lambda: not to_run([quick], store))
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert names(to_run([quick, slow], store)) == ["slow"]
    wait_until(lambda: not any(child.is_running() for child in children))
    done = edited(slow, "time.sleep(600)", "print('done')")
    assert run(tmp_path, *to_run([quick, done], store)) == []
    assert to_run([quick, done], store) == []


def test_what_the_build_started_ends_with_it(tmp_path: Path) -> None:
    (tmp_path / "sleeper.py").write_text(
        "import time\ndef main():\n    print('began', flush=True)\n    time.sleep(600)\n"
    )
    code = (
        "import sys\nfrom pathlib import Path\nfrom child import Child\n"
        f"child = Child('sleeper:main', [], Path({str(tmp_path)!r}) / 'log')\nchild.wait()"
    )
    paths = os.pathsep.join(map(str, (BOOK / "tools", tmp_path)))
    process = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": paths}
    )
    log = tmp_path / "log"
    wait_until(lambda: log.exists() and log.read_text() == "began\n")
    (child,) = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    wait_until(lambda: not child.is_running())


BUILD = [sys.executable, BOOK / "tools" / "build.py", "--model", MINILM.name, "--out"]


def test_a_second_build_in_the_same_folder_says_so(tmp_path: Path) -> None:
    out = tmp_path / "_build"
    out.mkdir()
    with FileLock(out / ".lock"):
        result = subprocess.run([*BUILD, tmp_path], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr == (
        f"build: another build is writing to {out}: wait until it has ended, or choose another "
        "folder with --out\n"
    )
    assert {path.name for path in out.iterdir()} <= {".lock"}


def times_of(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*.html")}


def test_a_build_with_nothing_changed_changes_nothing(site: Path) -> None:
    before, started = times_of(site), time.perf_counter()
    build_site(site.parents[1], site / "index.html")
    assert time.perf_counter() - started < 60  # 2 seconds where nothing else runs
    assert times_of(site) == before
    log = (site.parent / "book.log").read_text(encoding="utf-8")
    assert "Executing" not in log
    assert "Sphinx" not in log


def test_a_terminal_shows_one_line_and_the_address(site: Path) -> None:
    command = ["sh", "-c", 'exec "$@" >&2', "sh", *map(str, BUILD), str(site.parents[1])]
    shown = seen_on_a_terminal(command)
    assert f"The book is ready: {site / 'index.html'}" in shown
    assert "\r\x1b[Kchapters 16 of 16 | editions 2 of 2 | " in shown
    assert shown.count("\n") == 3
    assert "WARNING" not in shown


CONFIG = "title: Two pages\nauthor: Nobody\nonly_build_toc_files: true\nexecute:\n  {}\n"
PAGES = {
    "_config.yml": (CONFIG.format('execute_notebooks: "off"')).encode(),
    "_toc.yml": b"format: jb-book\nroot: one\nchapters:\n  - file: two\n",
    "one.md": b"# One\n\nIt goes on in [](two.md).\n",
    "two.md": b"# Two\n\nThe end.\n",
}


def make_pages(folder: Path, **changed: str) -> HtmlPages:
    files = PAGES | {name.replace("_md", ".md"): text.encode() for name, text in changed.items()}
    work = folder / "work"
    pages = HtmlPages(files, folder / "source", work, folder / "html", ("zh", LIVE_FOLDER))
    if pages.are_made():
        (work / "sphinx.log").unlink(missing_ok=True)
        return pages
    child = pages.start()
    child.wait()
    child.end()
    check(child)
    pages.finish()
    return pages


def read_by_sphinx(folder: Path) -> str:
    """Tell how many pages the last run of Sphinx read."""
    log = folder / "work" / "sphinx.log"
    if not log.exists():
        return "it did not run"
    (line,) = [line for line in log.read_text().splitlines() if "updating environment" in line]
    return line.split("environment:")[1].replace("\x1b[39;49;00m", "").strip()


def test_sphinx_reads_only_what_changed(tmp_path: Path) -> None:
    make_pages(tmp_path)
    assert read_by_sphinx(tmp_path) == "[new config] 2 added, 0 changed, 0 removed"
    other = tmp_path / "html" / "zh" / "one.html"
    other.parent.mkdir()
    other.write_text("of the other edition", encoding="utf-8")
    live = tmp_path / "html" / LIVE_FOLDER / "words.js"
    live.parent.mkdir()
    live.write_text("of the model", encoding="utf-8")
    make_pages(tmp_path)
    assert read_by_sphinx(tmp_path) == "it did not run"
    make_pages(tmp_path, two_md="# A new title\n")
    assert read_by_sphinx(tmp_path) == "0 added, 1 changed, 0 removed"
    # Pages that lead to it are written again.
    assert "A new title" in (tmp_path / "html" / "one.html").read_text(encoding="utf-8")
    assert other.read_text(encoding="utf-8") == "of the other edition"
    assert live.read_text(encoding="utf-8") == "of the model"

    page = tmp_path / "html" / "one.html"
    page.write_text("damaged", encoding="utf-8")
    make_pages(tmp_path, two_md="# A new title\n")
    assert read_by_sphinx(tmp_path) == "0 added, 0 changed, 0 removed"
    assert "A new title" in page.read_text(encoding="utf-8")

    tree = tmp_path / "work" / "_build" / ".doctrees" / "one.doctree"
    tree.write_bytes(b"damaged")
    make_pages(tmp_path)
    assert read_by_sphinx(tmp_path) == "[new config] 2 added, 0 changed, 0 removed"


def test_linked_files_are_those_of_the_folder_and_take_no_room(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "html" / "live"
    for name in ("one.js", "rows/0.js"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name, encoding="utf-8")
    link_files(source, target)
    assert folder_checksum(target) == folder_checksum(source)
    assert (target / "rows" / "0.js").samefile(source / "rows" / "0.js")
    (source / "one.js").unlink()
    (source / "rows" / "0.js").unlink()
    (source / "rows" / "0.js").write_text("packed again", encoding="utf-8")
    link_files(source, target)
    assert [path.name for path in target.rglob("*.js")] == ["0.js"]
    assert (target / "rows" / "0.js").read_text(encoding="utf-8") == "packed again"


def test_damaged_files_of_the_model_are_packed_again(site: Path) -> None:
    out = site.parent
    catalogue = out / "kept" / "catalogue" / f"{CHINESE.name}.mo"
    parts = Parts(find_weights(MINILM.name), catalogue, Kept(out / "kept"))
    assert parts.missing() == []
    file = out / "kept" / LIVE_FOLDER / "text.js"
    whole = file.read_bytes()
    try:
        file.write_bytes(whole[:-1])
        assert parts.missing() == [LIVE]
    finally:
        file.write_bytes(whole)  # in place: the pages have the same file
    assert parts.missing() == []


def test_a_warning_is_told_every_time(tmp_path: Path) -> None:
    make_pages(tmp_path)
    for _ in range(2):
        with pytest.raises(PagesError, match=r"(?s)something wrong.*two\.md.*nowhere"):
            make_pages(tmp_path, two_md="# Two\n\n[](nowhere.md)\n")
    # The pages that were there stay.
    assert "The end" in (tmp_path / "html" / "two.html").read_text(encoding="utf-8")
    make_pages(tmp_path)


def test_a_stopped_sphinx_begins_anew(tmp_path: Path) -> None:
    make_pages(tmp_path)
    files = PAGES | {"two.md": b"# Stopped\n"}
    stopped = HtmlPages(
        files, tmp_path / "source", tmp_path / "work", tmp_path / "html", ("zh", LIVE_FOLDER)
    )
    stopped.start().end()
    assert not stopped.are_made()
    make_pages(tmp_path, two_md="# Stopped\n")
    assert "added" in read_by_sphinx(tmp_path)
    assert "0 added" not in read_by_sphinx(tmp_path)
    assert "Stopped" in (tmp_path / "html" / "two.html").read_text(encoding="utf-8")
