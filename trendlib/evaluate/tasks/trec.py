"""What does a question ask for? The six coarse classes of TREC."""

from trendlib.evaluate import data
from trendlib.evaluate.classification import Classification, LabelledTexts


class Trec(Classification):
    """Six classes of questions."""

    name = "trec"
    question = "What does a question ask for?"
    sources = (data.TREC, data.TREC_TEST)
    classes = ("ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM")

    def read(self) -> tuple[LabelledTexts, LabelledTexts | None]:
        """Read both parts."""
        train, test = (
            LabelledTexts.from_pairs(data.read_trec(source), self.classes)
            for source in self.sources
        )
        return train, test
