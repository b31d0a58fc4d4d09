"""Why a verdict is what it is: the figures that decide, in a sentence or two."""

from trendlib.evaluate.verdicts import CLASSIFICATION, TITLES, Results
from trendlib.evaluate.wording import interval, number, per_hundred, percent
from trendlib.language import _


def explain_heads_or_layers(results: Results) -> str:
    """Tell how often layers find other words than heads."""
    found = results["readings"]
    other = found.score("layers", "other focus word")
    related = found.score("layers", "other related word")
    tied = found.score("article", "tied vote")
    return _(
        "If layers vote, as the article says, instead of the heads of layer 0, as its code does, "
        "the focus word is another one in {focus} of the sentences, and the related word in "
        "{related}. The article's vote ties in {tied} of the sentences."
    ).format(focus=interval(other), related=interval(related), tied=percent(tied.value))


def explain_complementary_trends(results: Results) -> str:
    """Tell in how many coordinates exactly one trend is defined."""
    found = results["complement"]
    share = found.score("focus and related", "exactly one")
    by_chance = found.score("independent masks", "exactly one")
    random = found.score("two random words", "exactly one")
    return _(
        "Exactly one of the two trends is defined in {share} of the coordinates. By chance it "
        "would be {chance}, and for two random words of the sentence it is {random}."
    ).format(share=interval(share), chance=percent(by_chance.value), random=percent(random.value))


def explain_related_by_syntax(results: Results) -> str:
    """Tell how often an edge joins the two words, and those of the baselines."""
    joined = results["syntax"].by_method("joined")
    return _(
        "An edge of the gold tree joins focus and related word in {article} of the sentences. A "
        "random word instead would be joined in {random}, the next word in {next}, the nearest "
        "content word in {nearest}, and the choice of the best single head in {head}."
    ).format(
        article=interval(joined["article"]),
        random=percent(joined["random word"].value),
        next=percent(joined["next word"].value),
        nearest=percent(joined["nearest content word"].value),
        head=percent(joined["best head"].value),
    )


def explain_alternative_to_cls(results: Results) -> str:
    """Tell the figures of every task for trend embedding, [CLS] and mean pooling."""
    methods = ("trend", "CLS", "mean")
    parts = []
    for task, measure in CLASSIFICATION.items():
        values = [results[task].score(method, measure).value for method in methods]
        parts.append(_against(TITLES[task], *map(per_hundred, values)))
    sts = results["stsb"].by_method("Spearman")
    ranks = (f"{sts[method].value:.2f}" for method in methods)
    return _(
        "Trend embedding against [CLS] (and mean pooling): {tasks}. Rank correlation: {ranks}."
    ).format(tasks=_(", ").join(parts), ranks=_against(TITLES["stsb"], *ranks))


def explain_contexts_told_apart(results: Results) -> str:
    """Tell the effect sizes of log quotients and of contextual vectors."""
    found = results["contexts"]
    size = found.score("log quotient, all coordinates", "effect size")
    plain = found.score("contextual, all coordinates", "effect size")
    cut = found.score("log quotient, without the heaviest", "effect size")
    return _(
        "Like contexts are more alike than others with an effect size of {size} for log quotients "
        "({cut} without the heaviest coordinates), and {plain} for plain contextual vectors."
    ).format(size=number(size), cut=number(cut), plain=number(plain))


def _against(task: str, trend: str, cls: str, mean: str) -> str:
    return _("{task} {trend} against {cls} ({mean})").format(
        task=task, trend=trend, cls=cls, mean=mean
    )
