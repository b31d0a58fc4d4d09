"""The architectures that are known, as a table for readers."""

from collections.abc import Iterable

from trendlib.model.architectures import ARCHITECTURES, Batch, Positions, architecture_of
from trendlib.show.markdown import markdown_table

HEAD = ("`model_type`", "hidden state 0", "how positions are counted", "many sentences are run")
POSITIONS: dict[Positions, str] = {
    "table": "by a table, from 0",
    "after padding": "by a table, from the number after that of the padding token",
    "relative": "within the attention, by the distance of two tokens",
}
BATCHES: dict[Batch, str] = {
    "blocks": "together, by this package, with the last layer for only the words that need it",
    "whole": "together, by transformers",
    "single": "one by one",
}


def architecture_table(names: Iterable[str] = ARCHITECTURES) -> str:
    """Tabulate in Markdown what the method has to know of architectures.

    Args:
        names: Their model types; all that are known if left out.

    >>> architecture_table(["bert"]).splitlines()[2][:40]
    '| `bert` | the sum of the embeddings of '
    """
    rows = [
        (f"`{each.model_type}`", each.static, POSITIONS[each.positions], BATCHES[each.batch])
        for each in map(architecture_of, names)
    ]
    return markdown_table(HEAD, rows)
