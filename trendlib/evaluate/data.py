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
from trendlib.model.cache import cache_folder
from trendlib.model.weights import sha256_of

FOLDER_VARIABLE = "TRENDLIB_DATA"
"""Names a folder that holds the files, each in the folder that ``Source.path`` says."""
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
STSB_DEV = Source(
    "stsb/sts-dev.csv",
    f"{_SENTEVAL}/stsbenchmark/sts-dev.csv",
    "5d7e944d8b02734b07bfdb5df67db3420c64bed153fcaa1ba47ad03480cf4234",
    "STS benchmark, development part (Cer et al. 2017)",
)
STSB_TEST = Source(
    "stsb/sts-test.csv",
    f"{_SENTEVAL}/stsbenchmark/sts-test.csv",
    "affe45928a66ee5a708531233c95b7dacbbdc57f974f002a3d32ea0180cf816a",
    "STS benchmark, test part (Cer et al. 2017)",
)
SICK_TEST = Source(
    "sick/SICK_test_annotated.txt",
    f"{_SENTEVAL}/SICK/SICK_test_annotated.txt",
    "4c9aa1bb3c5bbf732520fe35b23c121739472a38eb47e7d5336e6df51896be02",
    "SICK, relatedness, test part (Marelli et al. 2014)",
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


_STS_INPUTS = {
    "12 MSRpar": "21c0c6cc32f68f69d672dfae0f86935cdc2627bae4941381692941aa9320f8c4",
    "12 MSRvid": "c4a92a3645744f77d1cda9f2af7da5d11e807ae296f6a20fe5930403fb9c4dfe",
    "12 SMTeuroparl": "05acf33c0fcb592347f49e279137a17e0244d7b0d37cc113134320a5d3f586e1",
    "12 surprise.OnWN": "e605c67de4b7cee2c5629239d209e2845920f475ebd0468bdcf03d8da2ffa9cf",
    "12 surprise.SMTnews": "cc4a0b9a1355c5680a8a37c02f2d08e35f95754b9f89a2a4a05088ee5ff57ffe",
    "13 FNWN": "a20cb41a33a528f3c089c94ef24da8eb5e26ed594937cf6fa90f3d1c79d6c53c",
    "13 headlines": "637f3b4afdc8d1cc789e91a4d7217efff30e503c34a872d93e8b27e7b1136cb7",
    "13 OnWN": "cb74993eef23cfa2c03da7e5a08c62e50c9baafae0fa9ba0bb5a09d8e7d2be65",
    "14 deft-forum": "b39579e59c7b9f4063545c3d4643f8db16dc060cd0a35447ef56ff0aabec9d83",
    "14 deft-news": "cc450dcd9228211c1a311de1ff28199f166dce6f7fc81dcb5ce968a3a8a80d2d",
    "14 headlines": "2ed0ea55d196cdbb440ed428eb1846dcb43486a692aafb22b3bc5c14c44407c8",
    "14 OnWN": "8cd2333328d17e3212afa2d43dd934c5521e3fd35fc786b992dc7864f9d34f8f",
    "14 images": "295fc99f8a9215c330b36a08bc1ff3e428f10057be5bb915262111494b3616e2",
    "14 tweet-news": "b25b3768762aa7cdcd89f2a25ce5049de7e4cd51b138227c3a31092ae8e2b5f5",
    "15 answers-forums": "b8f1bc125559adbb3ac5b33206472b217c12621c3a6b5a8575da47dc0b536fc4",
    "15 answers-students": "4893f736e84cea176c39c882250f6513d5bbcfa6ebe8d3ffabcef6056d0471a7",
    "15 belief": "a54ec7af1924c900d8474586abae465819d2c03c73561aa2e76e7fa5e836faff",
    "15 headlines": "85d90b0f8f258a47758808d382188ba2ee7b1adbbf84feb776afad0e4691d5d1",
    "15 images": "0dac9494186838a8f4dfbb4ee290fec8d7581cf84a33d615c522700b3b50e0d6",
    "16 answer-answer": "ebbffced7d4630755e61d4dfe4d82121198965a14b9f5734b5abedb961f0725c",
    "16 headlines": "705c3e82fb85fa3b6706a481b790e1030304ddc9c72d39e126693ed44b258ba6",
    "16 plagiarism": "dd4ca54d1dfcd7d1cabe67f0de98cde23f4c1696ecc0003afbecae1274305d63",
    "16 postediting": "9b455d8da1d1bae692d038da1d431827d23bfec04c64b109efc3b6b620fd422f",
    "16 question-question": "58920c7da7dbc1b860609310782d88b7457d599c90a226819b5880262dd7f58a",
}
"""Checksums of the sentences of SemEval's STS tasks, by year and part."""
_STS_GOLDS = {
    "12 MSRpar": "5526be59228bc34ccb3cb6f1f56c0d7278d3419b8886713ae016fd92b151f19c",
    "12 MSRvid": "9c6096c6bcfb0144c8bbddb00900ca9198c88498630cd0c8f08d18365f1d7150",
    "12 SMTeuroparl": "708530c4d006d06881f3289fce35d624d7efe562dcf0fe5f8aa0eec3a135f6d4",
    "12 surprise.OnWN": "088d8ca22c0aa406e4a5d2e6e308a4f38b482b8e736c2445a38ffb6e4c4fb4fd",
    "12 surprise.SMTnews": "aa6dfc868db333c43dc59be14d46fa6587c7ebddc0d497e717f647bf35121cf1",
    "13 FNWN": "8ca95b7228119578e2007839cf7969f22c4f1fd41fd610c4b7f9683072d98066",
    "13 headlines": "f49f64089011436dd296ef384c07160219406feef7dc4b9fa2af52a519f32bc6",
    "13 OnWN": "0cd497aaddb00a2fb6db25f77bccfc09e8aa012e11549b81b434bab1a27ad954",
    "14 deft-forum": "ba6dc76696b5c93985590a325b4d142449932cdf0d715b2bab1b1743fe3c488c",
    "14 deft-news": "105c5b333abd50c274efb4dae9e3e0dab36ed63eee780cfb49955b1586bd62f2",
    "14 headlines": "f243c34647255cd0b994565ed4f58dd31506e7d9c9d6250d1a6dd14095625832",
    "14 OnWN": "1c80147df270ea4cfce14a47ed29f8a2f10d5dc016d02836077fd786ff7f535b",
    "14 images": "fc994ebacc7074c332626fa9e29542d7340a48a3cdb999b47cdb59c378523a62",
    "14 tweet-news": "0098c644bfeaa2d511a8297b1940771865900c372c9dd49a62726dc5ec02c9a3",
    "15 answers-forums": "1644301a7540e5484da285002e9269062852efb2272be614cad99c9530f6a102",
    "15 answers-students": "028db213140f8c7aef7497c4ae38b6380938f20359852231669c83dce11c3701",
    "15 belief": "5736192faaccbdbecd0ef6b73ec04b24115cd2e48d55dc3b1b170da3d2a81c75",
    "15 headlines": "e8e432f769c8a94ddb62ae3343890ac24a9dd78a116d56c707313bc59413dd56",
    "15 images": "ed8878209098c77ca7f02ac413d3fd698f92ad3425999555e50fda89fc46012a",
    "16 answer-answer": "332efd741b0cb247d20dd2a6cec854360c921c7e6b395f328f562d8d26057214",
    "16 headlines": "01e33a95996201a6e81e3cce9eda0f15048b77613ea64dce2929bb35479f7d85",
    "16 plagiarism": "29984944a91aaff484f2b2e5d4d434fc8a6f5ef6f578a880cccd2786f5142fdc",
    "16 postediting": "81947ed9dbe7f85b7bd249df68ed5c7b2f16f06390ad568eb5554b1e26bc5577",
    "16 question-question": "cf9ebf9d140191f73620cda0560947ad9283c910735d0d541b8a401a5e64afb0",
}
"""Checksums of their scores."""


@dataclass(frozen=True)
class ScoredPart:
    """A part of one of SemEval's STS tasks, whose sentences and scores are in two files.

    Attributes:
        year: The year of the task.
        input: The pairs of sentences, tokenized and in lower case.
        gold: Their scores, line by line; empty where nobody scored the pair.
    """

    year: int
    input: Source
    gold: Source


def _sts_part(name: str) -> ScoredPart:
    year, part = name.split(" ")
    folder, citation = f"STS{year}-en-test", f"SemEval 20{year}, {part}"

    def source(kind: str, sha256: str, what: str) -> Source:
        path = f"STS/{folder}/STS.{kind}.{part}.txt"
        return Source(
            path.replace("STS", "sts", 1),
            f"{_SENTEVAL}/{path}",
            sha256,
            f"{citation}, {what} (Agirre et al. 20{year})",
        )

    return ScoredPart(
        2000 + int(year),
        source("input", _STS_INPUTS[name], "sentences"),
        source("gs", _STS_GOLDS[name], "scores"),
    )


STS_PARTS = tuple(_sts_part(name) for name in _STS_INPUTS)
"""The parts of SemEval's STS tasks of 2012 to 2016.

:meta hide-value:
"""


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
    return fetch(source).read_text(encoding=encoding).removesuffix("\n").split("\n")


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
    """Two sentences, and how similar people found them: from 0 to 5, or in SICK from 1 to 5."""

    first: str
    second: str
    gold: float


def read_sts(source: Source) -> list[ScoredPair]:
    """Read the pairs of sentences of a part of the STS benchmark."""
    rows = (line.split("\t") for line in lines_of(source))
    return [ScoredPair(row[5], row[6], float(row[4])) for row in rows]


def read_sts_part(part: ScoredPart) -> tuple[list[ScoredPair], int]:
    """Read the pairs of a part of SemEval's STS tasks.

    Returns:
        The pairs that have a score, and how many have none.

    Raises:
        DataError: If a file cannot be had, or if the two do not have equally many lines.
    """
    texts, golds = lines_of(part.input), lines_of(part.gold)
    if len(texts) != len(golds):
        raise DataError(
            f"{part.input.path} has {len(texts)} lines and {part.gold.path} has {len(golds)}: "
            "take both from the same place"
        )
    pairs = []
    for text, gold in zip(texts, golds, strict=True):
        if gold.strip():
            first, second = text.split("\t")[:2]
            pairs.append(ScoredPair(first, second, float(gold)))
    return pairs, len(texts) - len(pairs)


def read_sick(source: Source) -> list[ScoredPair]:
    """Read the pairs of sentences of a part of SICK; the first line names the columns."""
    rows = (line.split("\t") for line in lines_of(source)[1:])
    return [ScoredPair(row[1], row[2], float(row[3])) for row in rows]


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
