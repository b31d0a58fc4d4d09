"""The live explorer: what a page computes of a sentence is what the package computes."""

import base64
import json
import os
import random
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import transformers
from numpy.typing import NDArray
from playwright.sync_api import Browser

import explorer_data
import live_files
from explorer_data import attention_steps, stored_trend
from explorer_page import sentence_groups
from helpers.live import HARD, differences, drawn, explored, run_script
from helpers.models import KINDS, Kind, make_encoder, make_tiny_model, word_pieces
from helpers.pages import QuietHandler, open_page
from helpers.paths import BOOK, ROOT
from kept import folder_checksum, link_files
from scripts import joined
from trendlib.encoding import Tokenized
from trendlib.errors import (
    BlankSentenceError,
    NotTextError,
    NoWordsError,
    SentenceError,
    TooLongError,
)
from trendlib.model.encoder import Encoder, load_encoder
from trendlib.model.weights import find_weights
from trendlib.show.numbers import fixed, shortest

SEED = int(os.environ.get("LIVE_SEED", random.randrange(10**6)))
"""What the drawn sentences come from; another one in each run. The variable repeats a run."""
EXPLORER = BOOK / "explorer"
PREPARED = [each for group in sentence_groups().values() for each in group]
FULL, CUT = 80, 2400
"""How many sentences are drawn to be explored, and how many to be cut."""
KINDS_OF_ERRORS = {NotTextError: "not text", BlankSentenceError: "blank", TooLongError: "too long"}


@dataclass(frozen=True)
class Packed:
    """A model, and its files as a page loads them."""

    encoder: Encoder
    folder: Path
    live: dict[str, Any]

    @classmethod
    def of(cls, model: str | Path, folder: Path) -> "Packed":
        encoder = load_encoder(model, "float64")
        live = live_files.pack(encoder, find_weights(model), folder)
        return cls(encoder, folder, json.loads(json.dumps(live)))

    def wanted(self, text: str) -> dict[str, Any]:
        """What the package says of a sentence, in the form of the page's data."""
        try:
            encoding = self.encoder.encode(text)
        except SentenceError as error:
            return {"error": kind_of(error)}
        data = explorer_data._sentence(explorer_data.explore(encoding))
        return {"whole": json.loads(json.dumps(data))}

    def check(self, texts: list[str]) -> dict[str, Any]:
        """Check that the engine finds in sentences what the package finds."""
        found = explored(self.folder, self.live, texts)
        for text, got in zip(texts, found["full"], strict=True):
            assert_same_sentence(got, self.wanted(text), text)
        return found


def kind_of(error: SentenceError) -> str:
    if isinstance(error, NoWordsError):
        return "only punctuation" if str(error).startswith("no word in") else "no known word"
    return KINDS_OF_ERRORS[type(error)]


def assert_same_sentence(got: dict[str, Any], want: dict[str, Any], text: str) -> None:
    """Check that two sentences are shown in the same way.

    All is equal but for the trends, which have more digits than are shown; the last of them may
    differ, since the two add up in another order.
    """
    shown = f"seed {SEED}, sentence {text!r}"
    if "error" in want:
        assert got.get("error") == want["error"], shown
        return
    assert "whole" in got, (shown, got)
    words, whole, wanted = got["words"], got["whole"], want["whole"]
    strips, wanted_strips = whole.pop("strips"), wanted.pop("strips")
    assert strips.keys() == wanted_strips.keys(), shown
    for key, packed in strips.items():
        one, other = trend_of(packed), trend_of(wanted_strips[key])
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9, err_msg=shown)
        assert [fixed(float(value), 2) for value in one] == [
            fixed(float(value), 2) for value in other
        ], shown
    for reading in wanted["readings"]:
        largest = [each["readings"][reading]["largest"] for each in (whole, wanted)]
        for each in largest:
            each["share"] = None if each["share"] is None else fixed(100 * each["share"], 1)
    assert list(differences(whole, wanted)) == [], shown
    # What is shown while the layers are still loading is a part of what is shown at last.
    assert words["strips"] == {}
    assert len(words["readings"]) == sum(
        reading["layer"] == 0 for reading in whole["readings"].values()
    )
    for name, reading in words["readings"].items():
        rest = {**whole["readings"][name], "strips": None, "largest": None}
        assert list(differences(reading, rest)) == [], shown
    kept = {key: whole[key] for key in ("sentence", "words", "units")}
    assert {key: words[key] for key in kept} == kept


def trend_of(packed: str) -> NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(packed), explorer_data.TREND_DTYPE)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    return Packed.of("all-MiniLM-L6-v2", tmp_path_factory.mktemp("live") / "live")


# Equal to the package


def test_hard_and_prepared_sentences_are_explored_as_by_the_package(packed: Packed) -> None:
    packed.check([*HARD, *PREPARED])


def test_drawn_sentences_are_explored_as_by_the_package(packed: Packed) -> None:
    found = packed.check(drawn(random.Random(SEED), FULL))
    errors = sum("error" in each for each in found["full"])
    print(f"seed {SEED}: {FULL} drawn sentences explored, {errors} of them refused")
    assert errors < FULL / 4


def cut_by_the_package(encoder: Encoder, text: str) -> dict[str, Any]:
    (outcome,) = encoder.tokenize([text])
    if not isinstance(outcome, Tokenized):
        return {"error": kind_of(outcome)}
    tokens = encoder.tokenizer(
        text,
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
        split_special_tokens=True,
    )
    pairs = zip(tokens["offset_mapping"], tokens["special_tokens_mask"], strict=True)
    return {
        "ids": list(outcome.ids),
        "offsets": [[None, None] if special else list(span) for span, special in pairs],
        "words": [
            {
                "text": word.text,
                "start": word.start,
                "end": word.end,
                "tokens": list(word.tokens),
                "isPunctuation": word.is_punctuation,
            }
            for word in outcome.words
        ],
    }


def assert_cut_alike(packed: Packed, texts: list[str]) -> None:
    found = explored(packed.folder, packed.live, [], texts)
    for text, got in zip(texts, found["cut"], strict=True):
        got.pop("values", None)
        want = cut_by_the_package(packed.encoder, text)
        assert list(differences(got, want)) == [], f"seed {SEED}, sentence {text!r}"


def test_sentences_are_cut_as_by_the_package(packed: Packed) -> None:
    texts = [*HARD, *PREPARED, *drawn(random.Random(SEED + 1), CUT)]
    assert len(texts) > 2000
    print(f"seed {SEED}: {len(texts)} sentences cut")
    assert_cut_alike(packed, texts)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "blank"),
        (" \t\x1c\x85\u3000", "blank"),
        ("\ufeff", "only punctuation"),  # which JavaScript takes for white space
        ("?! …", "only punctuation"),
        ("\u200b\0", "only punctuation"),
        ("👍 🙂!", "no known word"),
        (f"{'x' * 101}", "no known word"),
        ("apple " * 511, "too long"),
        ("apple \ud83d pie", "not text"),
    ],
)
def test_a_sentence_is_refused_for_the_same_reason(packed: Packed, text: str, kind: str) -> None:
    assert packed.wanted(text) == {"error": kind}
    found = explored(packed.folder, packed.live, [text], [text])
    assert found["full"][0]["error"] == found["cut"][0]["error"] == kind
    if kind == "too long":
        assert found["cut"][0]["values"] == {"tokens": 513, "most": 512}


# Other models


def other_word_pieces() -> Any:
    """Make a tokenizer of WordPiece with other settings and other special tokens."""
    plain = word_pieces()
    names = dict(
        zip(("[CLS]", "[SEP]", "[UNK]", "[PAD]"), ("<s>", "</s>", "<u>", "<p>"), strict=True)
    )
    vocabulary = {names.get(token, token): number for token, number in plain.get_vocab().items()}
    return transformers.BertTokenizerFast(
        vocab=vocabulary,
        do_lower_case=False,
        strip_accents=True,
        tokenize_chinese_chars=False,
        cls_token="<s>",
        sep_token="</s>",
        unk_token="<u>",
        pad_token="<p>",
    )


OTHERS = {
    "tiny": None,
    "cased": KINDS["bert-cased"],
    "electra": KINDS["electra-same-size"],
    "counted after padding": Kind("RobertaModel", other_word_pieces, {"type_vocab_size": 2}),
}


@pytest.fixture(scope="module", params=OTHERS)
def other(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Packed:
    folder, kind = tmp_path_factory.mktemp("other"), OTHERS[request.param]
    model = make_encoder(folder / "m", kind) if kind else make_tiny_model(folder / "m")
    return Packed.of(model, folder / "live")


def test_other_models_of_berts_kind_are_explored_too(other: Packed) -> None:
    assert "none" not in other.live
    longest = "i " * (other.encoder.max_tokens - 2)
    other.check(["I want an apple.", *HARD, *PREPARED[:10], longest, f"{longest} i"])
    assert_cut_alike(other, [*HARD, *PREPARED, *drawn(random.Random(SEED + 2), 300)])


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (KINDS["distilbert"], r"is of type distilbert, whose layers are not BERT's\.$"),
        (KINDS["roberta"], r"is not BERT's: its part model is BPE instead of WordPiece\.$"),
        (KINDS["electra"], r"has parts that BERT has not, such as embeddings_project"),
        (
            Kind("BertModel", word_pieces, {"hidden_act": "relu"}),
            r"has the activation relu, and not BERT's\.$",
        ),
    ],
)
def test_of_another_model_the_page_says_why_not(tmp_path: Path, kind: Kind, reason: str) -> None:
    model = make_encoder(tmp_path / "model", kind)
    packed = Packed.of(model, tmp_path / "live")
    assert packed.live.keys() == {"none"}
    assert re.search(reason, live_files.said(packed.live["none"]))
    assert not (tmp_path / "live").exists()


# Files


def test_the_same_model_becomes_the_same_files(tiny_folder: Path, tmp_path: Path) -> None:
    once, again = (Packed.of(tiny_folder, tmp_path / name / "live") for name in ("one", "two"))
    assert again.live == once.live
    assert folder_checksum(again.folder) == folder_checksum(once.folder)


def test_sizes_are_those_of_the_files(packed: Packed) -> None:
    sizes = {
        path.relative_to(packed.folder).with_suffix("").as_posix(): path.stat().st_size
        for path in packed.folder.rglob("*.js")
    }
    steps = packed.live["steps"]
    assert steps["words"] == sizes["text"] + sizes["words"] < 3.5e6
    assert steps["rows"] == sum(size for name, size in sizes.items() if "/" in name)
    assert steps["all"] == sum(sizes.values()) - steps["rows"]
    assert len(sizes) == packed.live["rowFiles"] + len(packed.live["files"])
    assert max(sizes.values()) < 100e6  # what GitHub Pages takes


def test_the_licence_of_the_weights_is_beside_them(packed: Packed) -> None:
    assert packed.live["license"] == "Apache-2.0"
    text = (packed.folder / packed.live["licenseFile"]).read_text(encoding="utf-8")
    assert "Apache License" in text


def test_a_large_layer_is_shared_out_among_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_files, "LARGEST_FILE", 4000)
    packed = Packed.of(make_tiny_model(tmp_path / "model"), tmp_path / "live")
    assert packed.live["layerFiles"][1] == [f"layer-1-{part}" for part in range(6)]
    packed.check(["i want an apple", "she sent a card to her mother."])


# Rounding


def hard_numbers() -> NDArray[np.float64]:
    """Numbers that lie at, or next to, the middle between two decimals, and others."""
    source = np.random.default_rng(SEED)
    middles = (source.integers(0, 1000, 400) + 0.5) / source.choice([10, 100, 1000], 400)
    halves = source.integers(0, 2**10, 200) / 2**10
    close = np.concatenate([middles, halves])
    beside = [np.nextafter(close, side) for side in (-np.inf, np.inf)]
    return np.concatenate([close, *beside, close + 1e-6, close - 1e-6, source.random(400)])


def test_numbers_are_rounded_as_by_the_package() -> None:
    numbers = hard_numbers()
    shares, trends = numbers[(numbers >= 0) & (numbers <= 1)], np.concatenate([numbers, -numbers])
    found = run_script(
        ROOT / "tests" / "book" / "scripts" / "round.js",
        {"shares": shares.tolist(), "trends": trends.tolist()},
    )
    places = explorer_data.ATTENTION_PLACES
    assert found["shortest"] == [shortest(value, places) for value in shares.tolist()]
    assert found["steps"] == attention_steps(shares).astype(int).tolist()
    assert found["trends"] == stored_trend(trends).astype(float).tolist()


# In a browser, where a worker computes

PAGE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8">
<link rel="icon" href="data:,"><title>Live</title><body>
<script type="text/plain" id="worker">{worker}</script>
<script>{script}
const live = {live};
const model = new LiveModel(live, "live/", document.getElementById("worker").textContent);
let words = null;
</script></body></html>"""
EXPLORE = """async (text) => {
  words = null;
  try {
    const whole = await model.explore(text, { onWords: (sentence) => words = sentence });
    return { words, whole };
  } catch (error) {
    return { error: error.kind, values: error.values };
  }
}"""
SHOWN = ["I want an apple.", "'It' isn't naïve, she’d say: 我喜欢你 👍!", "Birds sing."]


def write_live_page(folder: Path, packed: Packed) -> None:
    """Write a page with the engine and nothing else, beside the model's files."""
    live = EXPLORER / "live"
    page = PAGE.format(
        worker=joined(live / "worker.js"),
        script=joined(live / "model.js"),
        live=json.dumps(packed.live),
    )
    folder.mkdir(exist_ok=True)
    (folder / "page.html").write_text(page, encoding="utf-8")
    link_files(packed.folder, folder / "live")


def served(folder: Path) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture(params=["file", "http"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a page in the folder "site" is found: as a file, or under a sub-path of a host."""
    if request.param == "file":
        yield (tmp_path / "site" / "page.html").as_uri()
        return
    server = served(tmp_path)
    yield f"http://127.0.0.1:{server.server_port}/site/page.html"
    server.shutdown()
    server.server_close()


def test_a_browser_finds_what_the_package_finds(
    packed: Packed, browser: Browser, tmp_path: Path, address: str
) -> None:
    write_live_page(tmp_path / "site", packed)
    page, requested, failed = open_page(browser, address)
    assert [each for each in requested if "/live/" in each] == []
    page.evaluate("model.load({ step: 'words' })")
    assert sum("/live/" in each for each in requested) == 2
    # The words are there before any layer is asked for.
    page.evaluate(f"(text) => {{ window.first = ({EXPLORE})(text); }}", SHOWN[0])
    page.wait_for_function("words !== null")
    assert not any("layer" in each for each in requested)
    progress = page.evaluate(
        """async () => {
          const told = [];
          await model.load({ onProgress: (progress) => told.push(progress) });
          return told;
        }"""
    )
    assert [each["step"] for each in progress] == ["words", *["all"] * 7]
    assert progress[-1]["bytes"] == progress[-1]["of"]
    steps = packed.live["steps"]
    assert progress[-1]["of"] == steps["all"] - steps["words"]
    assert_same_sentence(page.evaluate("window.first"), packed.wanted(SHOWN[0]), SHOWN[0])
    for text in SHOWN[1:]:
        assert_same_sentence(page.evaluate(EXPLORE, text), packed.wanted(text), text)
    assert page.evaluate(EXPLORE, "?!")["error"] == "only punctuation"
    loaded = [each for each in requested[1:] if not each.startswith("blob:")]  # the worker
    assert {each.rpartition("/live/")[0] for each in loaded} == {address.rpartition("/")[0]}
    assert len(requested) == len(set(requested)), "a file was loaded twice"
    assert failed == []
    page.close()


@pytest.fixture(scope="module")
def tiny_packed(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    folder = tmp_path_factory.mktemp("tiny")
    return Packed.of(make_tiny_model(folder / "model"), folder / "live")


def test_the_whole_table_is_loaded_when_asked_for(
    tiny_packed: Packed, browser: Browser, tmp_path: Path
) -> None:
    write_live_page(tmp_path / "site", tiny_packed)
    page, requested, _ = open_page(browser, (tmp_path / "site" / "page.html").as_uri())
    page.evaluate("model.load({ whole: true })")
    files = len(list(tiny_packed.folder.rglob("*.js")))
    assert sum("/live/" in each for each in requested) == files
    assert "whole" in page.evaluate(EXPLORE, "i want an apple")
    assert sum("/live/" in each for each in requested) == files, "a sentence asked for more"
    page.close()


def test_a_newer_sentence_takes_the_place_of_an_older_one(
    tiny_packed: Packed, browser: Browser, tmp_path: Path
) -> None:
    write_live_page(tmp_path / "site", tiny_packed)
    page, _, _ = open_page(browser, (tmp_path / "site" / "page.html").as_uri())
    both = f"""async () => {{
      await model.load();
      const late = new Promise((_, fail) => setTimeout(() => fail("no answer"), 20000));
      const both = Promise.all(["i want an apple", "an orange"].map({EXPLORE}));
      return Promise.race([both, late]);
    }}"""
    older, newer = page.evaluate(both)
    assert older["error"] == "superseded"
    assert newer["whole"]["sentence"] == "an orange"
    page.close()


@pytest.mark.parametrize(
    ("name", "damage", "kind"),
    [
        ("layer-1", lambda whole: "", "file damaged"),
        ("words", lambda whole: whole[:-100], "file damaged"),
        ("layer-1", lambda whole: whole.replace('","', '","!', 1), "file damaged"),
        (
            "layer-1",
            lambda whole: whole[:100] + "BA"[whole[100] == "B"] + whole[101:],
            "file damaged",
        ),
        ("layer-1", lambda whole: "<!DOCTYPE html>", "file damaged"),
        ("layer-1", None, "file missing"),
    ],
    ids=["empty", "cut off", "no base64", "one letter", "a page", "missing"],
)
def test_a_file_that_is_wrong_is_named_and_can_be_loaded_again(
    tiny_packed: Packed,
    browser: Browser,
    tmp_path: Path,
    name: str,
    damage: Callable[[str], str] | None,
    kind: str,
) -> None:
    write_live_page(tmp_path / "site", tiny_packed)
    file = tmp_path / "site" / "live" / f"{name}.js"
    whole = file.read_text(encoding="utf-8")
    file.unlink()  # it is linked with the whole one
    if damage is not None:
        assert damage(whole) != whole
        file.write_text(damage(whole), encoding="utf-8")
    page, _, _ = open_page(browser, (tmp_path / "site" / "page.html").as_uri())
    load = "model.load().then(() => 'loaded', ({ kind, values }) => [kind, values.file])"
    assert page.evaluate(load) == [kind, name]
    link_files(tiny_packed.folder, tmp_path / "site" / "live")
    assert page.evaluate(load) == "loaded"
    assert "whole" in page.evaluate(EXPLORE, "i want an apple")
    page.close()


def test_missing_rows_refuse_the_sentence_that_needs_them(
    tiny_packed: Packed, browser: Browser, tmp_path: Path
) -> None:
    write_live_page(tmp_path / "site", tiny_packed)
    (tmp_path / "site" / "live" / "rows" / "0.js").unlink()
    page, _, _ = open_page(browser, (tmp_path / "site" / "page.html").as_uri())
    page.evaluate("model.load()")
    refused = page.evaluate(EXPLORE, "i want an apple")
    assert refused == {"error": "file missing", "values": {"file": "rows/0"}}
    link_files(tiny_packed.folder, tmp_path / "site" / "live")
    assert "whole" in page.evaluate(EXPLORE, "i want an apple")
    page.close()


def test_a_browser_without_workers_says_so(
    tiny_packed: Packed, browser: Browser, tmp_path: Path
) -> None:
    write_live_page(tmp_path / "site", tiny_packed)
    page, _, _ = open_page(browser, (tmp_path / "site" / "page.html").as_uri())
    page.evaluate("() => { delete window.Worker; }")
    assert page.evaluate("model.load().catch(({ kind }) => kind)") == "no worker"
    assert page.evaluate(EXPLORE, "i want an apple")["error"] == "no worker"
    page.close()
