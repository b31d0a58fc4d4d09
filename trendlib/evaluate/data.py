"""Public texts that the embeddings are measured on: fetched, checked, kept, never committed.

A file is looked for in the folder that the environment variable ``TRENDLIB_DATA`` names, then in
the cache, and is downloaded otherwise; ``TRENDLIB_CACHE`` says where the cache is. Its checksum is
that of the file that was measured.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from pathlib import Path

import pooch

from trendlib.errors import DataError, check_choice
from trendlib.model.weights import sha256_of

FOLDER_VARIABLE = "TRENDLIB_DATA"
"""Names a folder that holds the files, each in the folder that ``Source.path`` says."""
CACHE_VARIABLE = "TRENDLIB_CACHE"
"""Names the folder of downloads and of what is computed once; if not set, the system's cache."""
WAIT_SECONDS = 10
"""How long a server may say nothing."""
DOWNLOAD_SECONDS = 600.0
"""How long the download of a file may take in all."""

_SENTEVAL = (
    "https://raw.githubusercontent.com/yan-soares/research_embeddings_fine_tuning/"
    "045c5e94572a60c6bd7173e152c897f6b694c5a8/data/downstream"
)
_EWT = (
    "https://raw.githubusercontent.com/UniversalDependencies/UD_English-EWT/"
    "15d613d8447b3478787d4c278730a1e48a945efb"
)
_GUM = (
    "https://raw.githubusercontent.com/UniversalDependencies/UD_English-GUM/"
    "afb41ee9bca57991125814fa04d96a0e61470c8b"
)


@dataclass(frozen=True)
class Source:
    """A public file.

    Attributes:
        path: Its path in the folder that ``FOLDER_VARIABLE`` names.
        url: Its address.
        sha256: Its checksum.
        what: Its title and its authors.
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
TREC_TEST = Source(
    "trec/TREC_10.label",
    f"{_SENTEVAL}/TREC/TREC_10.label",
    "86ad53c8fc9d397ab2f4be7c967d8efb470b260140557d3e57afad69d1b88b76",
    "TREC question classification, test part (Li and Roth 2002)",
)
MR_NEGATIVE = Source(
    "mr/rt-polarity.neg",
    f"{_SENTEVAL}/MR/rt-polarity.neg",
    "c4ac36eaa8adc8ee31c31f69594bfbe68d83ef5b6db53f1f19b28c0be52f3999",
    "Sentence polarity v1.0, negative reviews (Pang and Lee 2005)",
)
MR_POSITIVE = Source(
    "mr/rt-polarity.pos",
    f"{_SENTEVAL}/MR/rt-polarity.pos",
    "34e5b0da2d491e46b700b00afe735aaae0962bcfe4f7f22b2d8077e714fa370f",
    "Sentence polarity v1.0, positive reviews (Pang and Lee 2005)",
)
SST2_TRAIN = Source(
    "sst2/sentiment-train",
    f"{_SENTEVAL}/SST/binary/sentiment-train",
    "10a92a297ec38e262386e5a2713b4bc70e5d18ced88b7f54bd171a26e5b34ab5",
    "Stanford Sentiment Treebank, binary, training phrases (Socher et al. 2013)",
)
SST2_TEST = Source(
    "sst2/sentiment-test",
    f"{_SENTEVAL}/SST/binary/sentiment-test",
    "4fefd1cd67526cf87ebc7fafc3afc21cc7cfa6ae53b45e74f77f9456e3c62752",
    "Stanford Sentiment Treebank, binary, test part (Socher et al. 2013)",
)
STSB = Source(
    "stsb/sts-train.csv",
    f"{_SENTEVAL}/stsbenchmark/sts-train.csv",
    "0f71910b59aa1ad973c5897f0791f3b0965a92b8f82b1a95f3eea9f4162fda82",
    "STS benchmark, training part (Cer et al. 2017)",
)
STSB_TEST = Source(
    "stsb/sts-test.csv",
    f"{_SENTEVAL}/stsbenchmark/sts-test.csv",
    "affe45928a66ee5a708531233c95b7dacbbdc57f974f002a3d32ea0180cf816a",
    "STS benchmark, test part (Cer et al. 2017)",
)
EWT_DEV = Source(
    "ud/UD_English-EWT/en_ewt-ud-dev.conllu",
    f"{_EWT}/en_ewt-ud-dev.conllu",
    "531a54ff90d6ab12201c5a50c3e78e6ddac4de69abc4bce5d275d3cd29efe2b6",
    "Universal Dependencies English EWT v2.16, development part (Silveira et al. 2014)",
)
EWT_TEST = Source(
    "ud/UD_English-EWT/en_ewt-ud-test.conllu",
    f"{_EWT}/en_ewt-ud-test.conllu",
    "e266e515a0a7547657ed3d90d9ba46487d6bd251f27ad4269d4e8a427c8555cd",
    "Universal Dependencies English EWT v2.16, test part (Silveira et al. 2014)",
)
GUM_DEV = Source(
    "ud/UD_English-GUM/en_gum-ud-dev.conllu",
    f"{_GUM}/en_gum-ud-dev.conllu",
    "581997015a2d878ad49619032d265a9753e1b6b03d75ca18b04a00bb9ee8991d",
    "Universal Dependencies English GUM, version 11, development part (Zeldes 2017)",
)
GUM_TEST = Source(
    "ud/UD_English-GUM/en_gum-ud-test.conllu",
    f"{_GUM}/en_gum-ud-test.conllu",
    "fe95c0e744f81cdf2a307ce522604ecc05cd359c7c6d1abaa3a46c85d024f34c",
    "Universal Dependencies English GUM, version 11, test part (Zeldes 2017)",
)


def cache_folder() -> Path:
    """Return the folder of downloads and of computed features."""
    return Path(os.environ.get(CACHE_VARIABLE) or pooch.os_cache("trendlib")).expanduser()


def fetch(source: Source) -> Path:
    """Find a file, or download it.

    Raises:
        DataError: If it cannot be found or downloaded, or is another file.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        return _in_folder(source, Path(folder).expanduser())
    try:
        return _downloaded(source)
    except Exception as error:  # the downloader's errors share no base class
        raise DataError(
            f"{source.what} cannot be downloaded from {source.url} ({type(error).__name__}: "
            f"{error}): connect, or name a folder that holds {source.path} in the environment "
            f"variable {FOLDER_VARIABLE}"
        ) from error


def _downloaded(source: Source) -> Path:
    """Find a file in the cache, or download it there.

    Raises:
        TimeoutError: If that takes longer than ``DOWNLOAD_SECONDS``.
        Exception: If it cannot be downloaded.
    """
    found: Future[str] = Future()

    def retrieve() -> None:
        try:
            path = pooch.retrieve(
                source.url,
                f"sha256:{source.sha256}",
                fname=source.path.replace("/", "-"),
                path=cache_folder(),
                downloader=pooch.HTTPDownloader(timeout=WAIT_SECONDS),
            )
            found.set_result(path)
        except Exception as error:
            found.set_exception(error)

    # A server that sends a byte now and then is waited for without an end; hence the thread.
    threading.Thread(target=retrieve, daemon=True).start()
    try:
        return Path(found.result(DOWNLOAD_SECONDS))
    except FutureTimeoutError:
        raise TimeoutError(f"it was not done after {DOWNLOAD_SECONDS:g} s") from None


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


def lines_of(source: Source, encoding: str = "utf-8") -> list[str]:
    """Read a file's lines.

    Raises:
        DataError: As ``fetch``.
    """
    return fetch(source).read_text(encoding=encoding).rstrip("\n").split("\n")


def read_sms() -> list[tuple[str, str]]:
    """Read the text messages, each with its class, "ham" or "spam"."""
    pairs = (line.split("\t", 1) for line in lines_of(SMS))
    return [(label, text) for label, text in pairs]


def read_trec(source: Source) -> list[tuple[str, str]]:
    """Read the questions of a part of TREC, each with its coarse class, such as "NUM"."""
    pairs = (line.split(" ", 1) for line in lines_of(source, "latin-1"))
    return [(label.partition(":")[0], text) for label, text in pairs]


@dataclass(frozen=True)
class ScoredPair:
    """Two sentences, and how similar people found them, from 0 to 5."""

    first: str
    second: str
    gold: float


def read_sts(source: Source) -> list[ScoredPair]:
    """Read the pairs of sentences of a part of the STS benchmark."""
    rows = (line.split("\t") for line in lines_of(source))
    return [ScoredPair(row[5], row[6], float(row[4])) for row in rows]


CORPORA: dict[str, Callable[[], list[str]]] = {
    "sms": lambda: [text for _, text in read_sms()],
    "trec": lambda: [text for _, text in read_trec(TREC)],
    "stsb": lambda: [text for pair in read_sts(STSB) for text in (pair.first, pair.second)],
}


def sentences(corpus: str) -> list[str]:
    """Read the different sentences of a corpus, in the order in which they first appear.

    Args:
        corpus: "sms", "trec" or "stsb".

    Raises:
        UnknownChoiceError: If there is no such corpus.
        DataError: If its file cannot be had.
    """
    check_choice("corpus", corpus, CORPORA)
    return list(dict.fromkeys(CORPORA[corpus]()))
