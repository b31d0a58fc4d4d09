"""Is a sentence positive, given labelled phrases? The Stanford Sentiment Treebank, binary."""

from typing import ClassVar

from trendlib.evaluate import data
from trendlib.evaluate.classification import Classification, LabelledTexts


class Sst2(Classification):
    """Positive or negative phrases; those of one sentence repeat each other, so no folds."""

    name = "sst2"
    question = "Is a sentence of a film review positive, given labelled phrases?"
    sources = (data.SST2_TRAIN, data.SST2_TEST)
    uses_folds: ClassVar[bool] = False
    # All 67,000 took more than half of the time of the whole evaluation.
    most_train: ClassVar[int | None] = 10_000

    def read(self) -> tuple[LabelledTexts, LabelledTexts | None]:
        """Read the training phrases and the test sentences."""
        train, test = (_read(source) for source in self.sources)
        return train, test


def _read(source: data.Source) -> LabelledTexts:
    pairs = (line.rsplit("\t", 1) for line in data.lines_of(source))
    return LabelledTexts.from_pairs([(label, text) for text, label in pairs], ["0", "1"])
