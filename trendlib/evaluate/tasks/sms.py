"""Is a text message spam? The SMS Spam Collection."""

from collections.abc import Mapping
from typing import ClassVar

from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

from trendlib.evaluate import data
from trendlib.evaluate.classification import Classification, LabelledTexts, Measure


class Sms(Classification):
    """Spam or ham."""

    name = "sms"
    question = "Is a text message spam?"
    sources = (data.SMS,)
    measures: ClassVar[Mapping[str, Measure]] = {
        "F1": f1_score,
        "MCC": matthews_corrcoef,
        "accuracy": accuracy_score,
    }

    def read(self) -> tuple[LabelledTexts, LabelledTexts | None]:
        """Read the messages; spam is the positive class."""
        return LabelledTexts.from_pairs(data.read_sms(), ["ham", "spam"]), None
