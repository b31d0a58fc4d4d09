"""Models of the hub by their names: which commit, which files, and what may go wrong."""

import json
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub import constants
from safetensors.numpy import load_file, save_file

from helpers.hub import FIRST, NAME, OLD_NAME, SECOND, Site, serving, use_hub
from helpers.models import KINDS, make_encoder
from trendlib.errors import (
    CorruptedWeightsError,
    MissingWeightsError,
    ModelNotReachableError,
    UnknownModelError,
    UnsupportedModelError,
)
from trendlib.model import hub, weights
from trendlib.model.encoder import load_encoder
from trendlib.model.tensors import INDEX_FILE, WEIGHTS_FILE
from trendlib.model.weights import ModelRevisionWarning, find_weights


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("models") / "roberta", KINDS["roberta"], layers=2)


@pytest.fixture
def site(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A hub on this machine with one repository, which has two commits and two branches."""
    changed = Path(shutil.copytree(folder, tmp_path / "changed"))
    settings = json.loads((changed / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings["model_max_length"] = 20
    (changed / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    content = Site({FIRST: folder, SECOND: changed}, {"main": FIRST, "short": SECOND})
    with serving(content) as endpoint:
        use_hub(monkeypatch, endpoint, tmp_path / "hub")
        yield content
    hub.resolve.cache_clear()


def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub.resolve.cache_clear()  # as in another process


def test_a_name_is_resolved_to_a_commit_which_is_told(site: Site, folder: Path) -> None:
    with pytest.warns(ModelRevisionWarning, match=f"at commit {FIRST}.*write {NAME}@{FIRST}"):
        found = find_weights(NAME)
    assert (found.name, found.revision, found.choice) == (NAME, FIRST, f"{NAME}@{FIRST}")
    assert found.model_sha256 == find_weights(folder).model_sha256
    with pytest.warns(ModelRevisionWarning):
        encoder = load_encoder(NAME, "float64")
    assert (encoder.provenance.model, encoder.provenance.revision) == (NAME, FIRST)
    expected = load_encoder(folder, "float64").encode("I want an apple.")
    np.testing.assert_array_equal(
        encoder.encode("I want an apple.").hidden_states, expected.hidden_states
    )


class Client:
    """A client that does not follow where an answer leads, as that of old versions."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def head(self, url: str, **named: Any) -> Any:
        stay = {"follow_redirects": False} if hasattr(self._client, "follow_redirects") else {}
        return self._client.head(url, **named, **stay)


@pytest.mark.usefixtures("site")
def test_an_old_name_leads_to_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(huggingface_hub.get_session())
    with monkeypatch.context() as patched:
        patched.setattr(huggingface_hub, "get_session", lambda: client)
        assert hub.resolve(hub.Repository(OLD_NAME), constants.ENDPOINT) == (FIRST, None)
    with pytest.warns(ModelRevisionWarning, match=f"write {OLD_NAME}@{FIRST}"):
        assert find_weights(OLD_NAME).revision == FIRST


def test_a_cache_that_cannot_be_written_to(site: Site) -> None:
    """What it holds is used all the same."""
    first = find_weights(f"{NAME}@{FIRST}")
    refs = Path(constants.HF_HUB_CACHE) / "models--someone--tiny-roberta" / "refs"
    shutil.rmtree(refs, ignore_errors=True)
    refs.write_text("a file in the way of all refs", encoding="utf-8")
    with pytest.warns(ModelRevisionWarning, match="the newest one there"):
        assert find_weights(NAME) == first


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("revision", "told"), [("c" * 7, "a commit that it has in full"), ("v9", "it has, or leave")]
)
def test_a_revision_that_the_hub_does_not_have(revision: str, told: str) -> None:
    with pytest.raises(UnknownModelError, match=told):
        find_weights(f"{NAME}@{revision}")


@pytest.mark.parametrize(("revision", "longest"), [("main", 78), ("short", 20), (SECOND, 20)])
def test_a_revision_is_a_branch_or_a_commit(site: Site, revision: str, longest: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if revision != SECOND else "error", ModelRevisionWarning)
        encoder = load_encoder(f"{NAME}@{revision}")
    assert encoder.provenance.revision == (FIRST if revision == "main" else SECOND)
    assert encoder.max_tokens == longest


@pytest.mark.filterwarnings("ignore::trendlib.model.weights.ModelRevisionWarning")
def test_a_process_stays_at_the_commit_that_it_found(site: Site) -> None:
    assert find_weights(NAME).revision == FIRST
    asked = len(site.asked)
    site.branches["main"] = SECOND
    assert find_weights(NAME).revision == FIRST
    assert len(site.asked) == asked  # the cache has all of it
    hub.resolve.cache_clear()  # as in another process
    assert find_weights(NAME).revision == SECOND


def test_a_commit_in_the_cache_needs_no_hub(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    first = find_weights(f"{NAME}@{FIRST}")
    site.asked.clear()
    offline(monkeypatch)
    assert find_weights(f"{NAME}@{FIRST}") == first
    with pytest.raises(ModelNotReachableError, match="HF_HUB_OFFLINE"):
        find_weights(NAME)  # nothing in the cache says where "main" leads
    assert site.asked == []


def test_a_branch_is_where_it_was_while_the_hub_is_away(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.warns(ModelRevisionWarning, match="the newest one there"):
        first = find_weights(NAME)
    site.branches["main"] = SECOND
    offline(monkeypatch)
    with pytest.warns(ModelRevisionWarning, match="since the hub is switched off"):
        assert find_weights(NAME) == first


def test_a_cache_of_another_program_is_taken_where_the_hub_is_away(
    site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says nothing of files that the repository does not have, as ours does."""
    place = Path(constants.HF_HUB_CACHE) / "models--someone--tiny-roberta" / "snapshots" / FIRST
    shutil.copytree(folder, place)
    offline(monkeypatch)
    found = find_weights(f"{NAME}@{FIRST}")
    assert found.model_sha256 == find_weights(folder).model_sha256
    (place / "tokenizer.json").unlink()  # then the settings decide, and may be missing
    with pytest.raises(ModelNotReachableError, match="is not in the cache"):
        find_weights(f"{NAME}@{FIRST}")


@pytest.mark.parametrize(
    ("status", "code", "error", "told"),
    [
        (403, "GatedRepo", ModelNotReachableError, "accept its conditions at .*HF_TOKEN"),
        (401, "GatedRepo", ModelNotReachableError, "is gated"),
        (401, "RepoNotFound", UnknownModelError, "no model 'someone/tiny.*HF_TOKEN"),
        (404, "RepoNotFound", UnknownModelError, "no folder of this name: check the name"),
        (404, "RevisionNotFound", UnknownModelError, "no revision 'main'"),
        (404, "EntryNotFound", MissingWeightsError, "has no config.json"),
        (401, None, ModelNotReachableError, "the token is wrong or missing"),
        (429, None, ModelNotReachableError, "too many requests; wait some minutes"),
        (503, None, ModelNotReachableError, "has a problem; try again later"),
    ],
)
def test_what_the_hub_answers_is_told(
    site: Site, status: int, code: str | None, error: type[Exception], told: str
) -> None:
    site.status, site.code = status, code
    with pytest.raises(error, match=told) as caught:
        find_weights(NAME)
    assert "127.0.0.1" in str(caught.value)
    assert f"HTTP {status}" in str(caught.value)


@pytest.mark.usefixtures("site")
def test_a_model_that_the_hub_does_not_have() -> None:
    with pytest.raises(UnknownModelError, match="has no model 'someone/else', or it is private"):
        find_weights("someone/else")
    with pytest.raises(UnknownModelError, match=f"no revision '{'c' * 40}'"):
        find_weights(f"{NAME}@{'c' * 40}")


def test_a_folder_wins_over_a_model_of_the_hub(
    site: Site, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(folder, tmp_path / "someone" / "tiny-roberta")
    monkeypatch.chdir(tmp_path)
    assert find_weights(NAME).revision == weights.LOCAL
    assert site.asked == []


def test_weights_in_several_files(site: Site, tmp_path: Path) -> None:
    parts = make_encoder(tmp_path / "parts", KINDS["roberta"], layers=2, shard_size="30KB")
    shards = sorted(path.name for path in parts.glob("model-*.safetensors"))
    assert len(shards) > 2
    site.folders[FIRST] = parts
    found = find_weights(f"{NAME}@{FIRST}")
    assert {path.name for path in found.folder.glob("*.safetensors")} == set(shards)
    assert found.sha256 == find_weights(parts).sha256
    one = load_encoder(make_encoder(tmp_path / "one", KINDS["roberta"], layers=2))
    expected = one.encode("I want an apple.").hidden_states
    for model in (f"{NAME}@{FIRST}", parts):
        np.testing.assert_array_equal(
            load_encoder(model).encode("I want an apple.").hidden_states, expected
        )


def test_a_pickle_is_never_read(site: Site, folder: Path, tmp_path: Path) -> None:
    pickled = Path(shutil.copytree(folder, tmp_path / "pickled"))
    (pickled / WEIGHTS_FILE).rename(pickled / "pytorch_model.bin")
    site.folders[FIRST] = pickled
    with pytest.raises(
        MissingWeightsError, match=r"only pytorch_model\.bin.*save_pretrained"
    ) as told:
        find_weights(f"{NAME}@{FIRST}")
    assert "can run whatever code" in str(told.value)
    assert not list(Path(constants.HF_HUB_CACHE).rglob("*.bin"))
    (pickled / "pytorch_model.bin").unlink()
    with pytest.raises(MissingWeightsError, match="give a repository that has them"):
        find_weights(f"{NAME}@{FIRST}")


def test_code_of_a_repository_is_neither_downloaded_nor_run(
    site: Site, folder: Path, tmp_path: Path
) -> None:
    own = Path(shutil.copytree(folder, tmp_path / "own-code"))
    (own / "modeling_own.py").write_text("raise SystemExit('it was run')\n", encoding="utf-8")
    config = json.loads((own / "config.json").read_text(encoding="utf-8"))
    config["auto_map"] = {"AutoModel": "modeling_own.Own", "AutoConfig": "modeling_own.Config"}
    (own / "config.json").write_text(json.dumps(config), encoding="utf-8")
    site.folders[FIRST] = own
    for model in (f"{NAME}@{FIRST}", own):
        with pytest.raises(UnsupportedModelError, match="declares auto_map"):
            load_encoder(model)
    assert not list(Path(constants.HF_HUB_CACHE).rglob("*.py"))
    assert not [path for path in site.asked if path.endswith(".py")]


def test_weights_that_were_damaged_in_the_cache_are_found(site: Site) -> None:
    found = find_weights(f"{NAME}@{FIRST}")
    path = (found.folder / WEIGHTS_FILE).resolve()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptedWeightsError, match="but the hub announced"):
        find_weights(f"{NAME}@{FIRST}")


# Weights in several files, in a folder


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    return make_encoder(tmp_path / "parts", KINDS["bert-cased"], layers=2, shard_size="30KB")


def shards_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("model-*.safetensors"))


def test_a_missing_shard(parts: Path) -> None:
    shards_of(parts)[1].unlink()
    with pytest.raises(MissingWeightsError, match="lacks model-00002-of"):
        load_encoder(parts)


@pytest.mark.parametrize("keep", [0, 5, 100, -1])
def test_a_shard_that_is_not_whole(parts: Path, keep: int) -> None:
    path = shards_of(parts)[1]
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CorruptedWeightsError, match=f"{path.name} cannot be read"):
        load_encoder(parts)


def test_shards_of_two_models(parts: Path) -> None:
    first, second = shards_of(parts)[:2]
    first.write_bytes(second.read_bytes())
    with pytest.raises(CorruptedWeightsError, match="do not hold the same tensors"):
        load_encoder(parts)


def test_a_tensor_that_is_in_two_shards(parts: Path) -> None:
    """The index says which is right, and transformers may take the other."""
    first, second = shards_of(parts)[:2]
    tensors = {**load_file(first), **load_file(second)}
    save_file(tensors, second, metadata={"format": "pt"})
    with pytest.raises(CorruptedWeightsError, match="do not hold the same tensors"):
        load_encoder(parts)


def test_one_file_wins_over_an_index(parts: Path, tmp_path: Path) -> None:
    whole = make_encoder(tmp_path / "whole", KINDS["bert-cased"], layers=2)
    shutil.copy(whole / WEIGHTS_FILE, parts)
    shards_of(parts)[0].unlink()
    assert find_weights(parts).sha256 == find_weights(whole).sha256
    np.testing.assert_array_equal(
        load_encoder(parts).encode("an apple").hidden_states,
        load_encoder(whole).encode("an apple").hidden_states,
    )


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '{"weight_map": {}}',
        '{"weight_map": {"a": "../model.safetensors"}}',
        '{"weight_map": {"a": "/model.safetensors"}}',
        '{"weight_map": {"a": "parts/model.safetensors"}}',
        '{"weight_map": {"a": "pytorch_model.bin"}}',
    ],
)
def test_an_index_that_is_none(parts: Path, content: str) -> None:
    (parts / INDEX_FILE).write_text(content, encoding="utf-8")
    with pytest.raises(CorruptedWeightsError, match="is no index of weights"):
        load_encoder(parts)


def test_each_shard_counts_for_the_identity(parts: Path) -> None:
    before = find_weights(parts)
    path = shards_of(parts)[-1]
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    after = find_weights(parts)
    assert after.sha256 != before.sha256
    assert after.model_sha256 != before.model_sha256


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("org/name", ("org/name", "main")),
        ("bert-base-cased", ("bert-base-cased", "main")),
        ("org/name@v1.0", ("org/name", "v1.0")),
        ("org/name@refs/pr/3", ("org/name", "refs/pr/3")),
        ("a/b/c", None),
        ("../b", None),
        ("./b", None),
        ("~/b", None),
        ("org/name@", None),
        ("org/name/", None),
        ("@main", None),
        ("@", None),
        (" org/name", None),
        ("C:\\models\\mine", None),
        ("org/na me", None),
        ("/tmp/x", None),
        ("https://huggingface.co/org/name", None),
    ],
)
def test_names_of_models(text: str, expected: tuple[str, str] | None) -> None:
    found = hub.parse(text)
    assert (None if found is None else (found.name, found.revision)) == expected
