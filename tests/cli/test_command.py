"""The command's door: help at once, version, completion, and a sentence for what is missing."""

import resource
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from helpers.paths import ROOT
from helpers.programs import warm_python
from helpers.runs import TRENDLIB, trendlib, write_lines
from trendlib import __version__
from trendlib.cli import COMMANDS, SHELLS
from trendlib.cli.options import EXTRAS
from trendlib.embedding import RECIPES, UNDEFINED, WORDS
from trendlib.encoding import DTYPES
from trendlib.errors import needs_extra
from trendlib.interfaces import EXTRAS as INTERFACES
from trendlib.readings import READINGS
from trendlib.trend import KINDS

HEAVY = {"torch", "numpy", "pandas", "pyarrow", "huggingface_hub", "tqdm", "matplotlib", "shtab"}
OPTIONAL = ("pandas", "pyarrow", "matplotlib", "papermill", "sklearn", "conllu", "pooch", "onnx")

# Loaded anew, these look for others of the libraries again.
THEIR_USERS = ("papermill", "nbclient", "nbconvert", "mdit_py_plugins")
HIDING = """
import sys
for name in list(sys.modules):
    if name.partition(".")[0] in {gone!r}:
        del sys.modules[name]
for name in {hidden!r}:
    sys.modules[name] = None  # as if it were not installed
{code}
"""
COMMAND = "from trendlib.cli import main; sys.exit(main({arguments!r}))"


def python(code: str, hidden: tuple[str, ...] = (), **options: object) -> str:
    """Run Python without some libraries; returns all that it prints."""
    program = [
        *warm_python(),
        "-c",
        HIDING.format(hidden=hidden, gone=(*hidden, *THEIR_USERS), code=code),
    ]
    return subprocess.run(program, stdout=-1, stderr=-2, text=True, check=False, **options).stdout


def command(*arguments: str | Path, hidden: tuple[str, ...] = (), **options: object) -> str:
    texts = [str(argument) for argument in arguments]
    return python(COMMAND.format(arguments=texts), hidden, **options)


# Help and version


def test_help_loads_nothing_of_the_commands() -> None:
    code = (
        "import sys\n"
        "from trendlib.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        f"print('loaded:', sorted({HEAVY!r} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], stdout=-1, text=True, check=True).stdout
    assert "COMMAND" in printed
    assert printed.splitlines()[-1] == "loaded: []"


def processor_seconds() -> float:
    """Seconds that ended child processes have computed; waiting for others does not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_help_comes_at_once() -> None:
    seconds = []
    for _ in range(5):
        before = processor_seconds()
        subprocess.run([TRENDLIB, "--help"], capture_output=True, check=True)
        seconds.append(processor_seconds() - before)
    assert min(seconds) < 0.3, seconds


def test_help_names_every_command_and_the_completion() -> None:
    text = trendlib("--help").stdout
    for name, summary in COMMANDS.items():
        assert f"    {name} " in text
        assert summary.split()[0] in text
    for shell in SHELLS:
        assert f"trendlib --print-completion {shell} > " in text


@pytest.mark.parametrize("program", [[TRENDLIB], [sys.executable, "-m", "trendlib"]])
def test_the_version(program: list[str]) -> None:
    result = subprocess.run([*program, "--version"], capture_output=True, text=True, check=True)
    assert result.stdout == f"trendlib {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_without_any_extra(name: str) -> None:
    text = command(name, "--help", hidden=OPTIONAL)
    assert text.startswith(f"usage: trendlib {name}")
    assert "Traceback" not in text


def test_help_lists_the_choices() -> None:
    text = " ".join(trendlib("embed", "--help").stdout.split())
    for choices in (RECIPES, READINGS, KINDS, WORDS, UNDEFINED, DTYPES):
        assert f"{', '.join(choices)} (default: " in text
    for name, recipe in RECIPES.items():
        assert f" {name} {recipe} " in text
    assert "bert-base-uncased" in text
    assert ", ".join(READINGS) in " ".join(trendlib("run", "--help").stdout.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["embedd", "s.txt"], "invalid choice: 'embedd' (choose from "),
        (["embed", "s.txt", "--out", "o.parquet", "--colour"], "unrecognized arguments: --colour"),
        ([], "the following arguments are required: COMMAND"),
        (["--print-completion", "fish"], "invalid choice: 'fish'"),
    ],
)
def test_wrong_use_is_said_by_argparse(arguments: list[str], message: str) -> None:
    result = trendlib(*arguments)
    assert result.returncode == 2
    assert message in result.stderr


# Completion


@pytest.fixture(scope="module")
def bash_completion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("completion") / "trendlib"
    path.write_text(trendlib("--print-completion", "bash").stdout)
    return path


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("em", "embed"),
        ("embed --rea", "--reading"),
        ("run --no-n", "--no-notebook"),
        ("embed sent", "sentences.txt"),
    ],
)
def test_bash_completes(bash_completion: Path, tmp_path: Path, typed: str, completed: str) -> None:
    write_lines(tmp_path / "sentences.txt", ["Hello."])
    script = (
        f"source {bash_completion}; COMP_WORDS=(trendlib {typed}); "
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "
        '_shtab_trendlib trendlib "${COMP_WORDS[COMP_CWORD]}"; echo "${COMPREPLY[@]}"'
    )
    result = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == [completed], result.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_every_command_and_option(shell: str, tmp_path: Path) -> None:
    result = trendlib("--print-completion", shell)
    assert result.returncode == 0
    for word in (*COMMANDS, "reading", "no-notebook", "skip-unreachable"):
        assert word in result.stdout
    if shutil.which(shell):
        path = tmp_path / "completion"
        path.write_text(result.stdout)
        subprocess.run([shell, "-n", path], check=True)


# What is not installed


HELLO = ("s.txt", "--out", "o.parquet", "--model", "all-MiniLM-L6-v2")
RUN = ("run", "Hello.", "--model", "all-MiniLM-L6-v2", "--out", "o")
MISSING = [
    (RUN, "papermill"),
    (RUN, "nbclient"),
    (RUN, "nbconvert"),
    (RUN, "markdown_it"),
    (RUN, "ipykernel"),
    (RUN, "matplotlib"),
    (RUN, "jinja2"),
    ((*RUN, "--no-notebook"), "pyarrow"),
    (("embed", *HELLO), "pyarrow"),
    (("compare", "a", "b"), "pandas"),
    (("compare", "a", "b"), "pyarrow"),
    (("export", "o.onnx", "--model", "all-MiniLM-L6-v2"), "onnx"),
    (("export", "o.onnx", "--model", "all-MiniLM-L6-v2"), "onnxruntime"),
    (("reproduce",), "pandas"),
    (("evaluate", "--quick"), "sklearn"),
    (("drift", "--model", "all-MiniLM-L6-v2"), "pandas"),
]


@pytest.mark.parametrize(("arguments", "library"), MISSING, ids=lambda value: str(value)[:40])
def test_a_command_says_which_extra_it_needs(
    tmp_path: Path, arguments: tuple[str, ...], library: str
) -> None:
    write_lines(tmp_path / "s.txt", ["Hello."])
    name = arguments[0]
    printed = command(*arguments, hidden=(library,), cwd=tmp_path)
    assert printed.splitlines()[-1] == (
        f"trendlib: `trendlib {name}` needs {library}, which is not installed: run "
        f"`pip install 'trendlib[{EXTRAS[name]}]'`"
    )


def test_every_command_that_needs_an_extra_is_tried() -> None:
    assert {arguments[0] for arguments, _ in MISSING} == set(EXTRAS)


@pytest.mark.parametrize(
    ("module", "library"),
    [
        ("onnx", "onnx"),
        ("ray_data", "ray"),
        ("ray_data", "pyarrow"),
        ("scikit_learn", "sklearn"),
        ("sentence_transformers", "sentence_transformers"),
    ],
)
def test_an_interface_says_which_extra_it_needs(module: str, library: str) -> None:
    printed = python(f"import trendlib.interfaces.{module}", hidden=(library,))
    assert printed.splitlines()[-1] == (
        f"trendlib.errors.MissingExtraError: `trendlib.interfaces.{module}` needs {library}, which "
        f"is not installed: run `pip install 'trendlib[{INTERFACES[module]}]'`"
    )


def test_every_interface_has_an_extra() -> None:
    modules = {path.stem for path in (ROOT / "trendlib" / "interfaces").glob("*.py")}
    assert modules - {"__init__"} == set(INTERFACES)


def test_the_method_needs_no_extra() -> None:
    code = "import trendlib; print(trendlib.embed('I sold my car.').values.shape)"
    assert python(code, hidden=OPTIONAL) == "(384,)\n"


def test_a_fault_inside_the_package_is_not_taken_for_a_missing_library() -> None:
    with (
        pytest.raises(ModuleNotFoundError, match=r"No module named 'trendlib\.nowhere'"),
        needs_extra("trendlib run", "run"),
    ):
        import_module("trendlib.nowhere")
