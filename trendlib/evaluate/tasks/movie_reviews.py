"""Is a sentence of a film review positive? Sentence polarity v1.0, called MR."""

import numpy as np

from trendlib.evaluate import data
from trendlib.evaluate.classification import Classification, LabelledTexts


class MovieReviews(Classification):
    """Positive or negative sentences of film reviews."""

    name = "mr"
    question = "Is a sentence of a film review positive?"
    sources = (data.MR_NEGATIVE, data.MR_POSITIVE)

    def read(self) -> tuple[LabelledTexts, LabelledTexts | None]:
        """Read both files."""
        negative, positive = (data.lines_of(source, "latin-1") for source in self.sources)
        labels = np.repeat([0, 1], [len(negative), len(positive)])
        return LabelledTexts([*negative, *positive], labels), None
