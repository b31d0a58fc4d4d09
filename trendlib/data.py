"""Public texts that the embeddings are measured on: fetched, checked, kept, never committed.

A file is looked for in the folder that the environment variable ``TRENDLIB_DATA`` names, then in
the cache, and is downloaded otherwise. Its checksum is that of the file that was measured.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pooch

from trendlib.errors import DataError, check_choice
from trendlib.weights import sha256_of

FOLDER_VARIABLE = "TRENDLIB_DATA"
"""Names a folder that holds the files, each in the folder that ``Source.path`` says."""
WAIT_SECONDS = 10

_SENTEVAL = (
    "https://raw.githubusercontent.com/yan-soares/research_embeddings_fine_tuning/"
    "045c5e94572a60c6bd7173e152c897f6b694c5a8/data/downstream"
)


@dataclass(frozen=True)
class Source:
    """A public file.

    Attributes:
        path: Where it is in a folder of all of them.
        url: Its address.
        sha256: Its checksum.
        what: What it is, and whose.
    """

    path: str
    url: str
    sha256: str
    what: str


SMS = Source(
    "sms/sms.tsv",
    "https://raw.githubusercontent.com/justmarkham/DAT8/"
    "ff04af83e8ac1409cd86f3cb3524e4141644c5a1/data/sms.tsv",
    "7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d",
    "SMS Spam Collection v.1 (Almeida and Gómez Hidalgo 2011)",
)
TREC = Source(
    "trec/train_5500.label",
    f"{_SENTEVAL}/TREC/train_5500.label",
    "8bd6e79493f43bbd22c364587366a1dced54e1e31259eaa92721a0f526031116",
    "TREC question classification, training part (Li and Roth 2002)",
)
STSB = Source(
    "stsb/sts-train.csv",
    f"{_SENTEVAL}/stsbenchmark/sts-train.csv",
    "0f71910b59aa1ad973c5897f0791f3b0965a92b8f82b1a95f3eea9f4162fda82",
    "STS benchmark, training part (Cer et al. 2017)",
)


def fetch(source: Source) -> Path:
    """Find a file, or download it.

    Raises:
        DataError: If it cannot be found or downloaded, or is another file.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        return _in_folder(source, Path(folder))
    try:
        return Path(
            pooch.retrieve(
                source.url,
                f"sha256:{source.sha256}",
                fname=source.path.replace("/", "-"),
                path=pooch.os_cache("trendlib"),
                downloader=pooch.HTTPDownloader(timeout=WAIT_SECONDS),
            )
        )
    except Exception as error:  # the downloader's errors share no base class
        raise DataError(
            f"{source.what} cannot be downloaded from {source.url} ({type(error).__name__}): "
            f"connect, or name a folder that holds {source.path} in the environment variable "
            f"{FOLDER_VARIABLE}"
        ) from error


def _in_folder(source: Source, folder: Path) -> Path:
    path = folder / source.path
    if not path.is_file():
        raise DataError(
            f"the folder that {FOLDER_VARIABLE} names has no file {source.path}: take it from "
            f"{source.url}"
        )
    if sha256_of(path) != source.sha256:
        raise DataError(
            f"{source.path} in the folder that {FOLDER_VARIABLE} names is another file than the "
            f"one at {source.url} (its sha256 differs): take it from there"
        )
    return path


def _sms() -> list[str]:
    lines = fetch(SMS).read_text(encoding="utf-8").rstrip("\n").split("\n")
    return [line.split("\t", 1)[1] for line in lines]


def _trec() -> list[str]:
    lines = fetch(TREC).read_text(encoding="latin-1").rstrip("\n").split("\n")
    return [line.split(" ", 1)[1] for line in lines]


def _stsb() -> list[str]:
    lines = fetch(STSB).read_text(encoding="utf-8").rstrip("\n").split("\n")
    return [sentence for line in lines for sentence in line.split("\t")[5:7]]


CORPORA: dict[str, Callable[[], list[str]]] = {"sms": _sms, "trec": _trec, "stsb": _stsb}


def sentences(corpus: str) -> list[str]:
    """Read the different sentences of a corpus, in the order in which they come first.

    Args:
        corpus: "sms", "trec" or "stsb".

    Raises:
        UnknownChoiceError: If there is no such corpus.
        DataError: If its file cannot be had.
    """
    check_choice("corpus", corpus, CORPORA)
    return list(dict.fromkeys(CORPORA[corpus]()))
