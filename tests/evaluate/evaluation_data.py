"""Small files of our own, laid out as the public ones are."""

import random
from pathlib import Path

from trendlib.evaluate.data import STS_PARTS

THINGS = "boat house car table letter garden lamp coat bridge window river book".split()  # noqa: SIM905
TREE = """\
# newdoc id = {number}
# sent_id = {number}
# text = The man didn't sell the {thing}.
1\tThe\tthe\tDET\tDT\t_\t2\tdet\t_\t_
2\tman\tman\tNOUN\tNN\t_\t5\tnsubj\t_\t_
3-4\tdidn't\t_\t_\t_\t_\t_\t_\t_\t_
3\tdid\tdo\tAUX\tVBD\t_\t5\taux\t_\t_
4\tn't\tnot\tPART\tRB\t_\t5\tadvmod\t_\t_
5\tsell\tsell\tVERB\tVB\t_\t0\troot\t_\t_
5.1\tsold\tsell\tVERB\tVB\t_\t_\t_\t_\t_
6\tthe\tthe\tDET\tDT\t_\t7\tdet\t_\t_
7\t{thing}\t{thing}\tNOUN\tNN\t_\t5\tobj\t_\tSpaceAfter=No
8\t.\t.\tPUNCT\t.\t_\t5\tpunct\t_\t_

# sent_id = {number}b
# text = I see a good {thing}
1\tI\tI\tPRON\tPRP\t_\t2\tnsubj\t_\t_
2\tsee\tsee\tVERB\tVBP\t_\t0\troot\t_\t_
3\ta\ta\tDET\tDT\t_\t5\tdet\t_\t_
4\tgood\tgood\tADJ\tJJ\t_\t5\tamod\t_\t_
5\t{thing}\t{thing}\tNOUN\tNN\t_\t2\tobj\t_\t_

# sent_id = {number}c
# text = ...
1\t...\t...\tPUNCT\t.\t_\t0\troot\t_\t_

"""
QUESTIONS = {
    "ABBR:abb": "What does {0} stand for in a {1} ?",
    "DESC:def": "Why is a {0} called a {1} ?",
    "ENTY:other": "What {0} is the best {1} ?",
    "HUM:ind": "Who found the {0} near the {1} ?",
    "LOC:other": "Where is the {0} of the {1} ?",
    "NUM:count": "How many {0}s fit in a {1} ?",
}


def write_all(folder: Path) -> None:
    """Write a small file in the place of each public one."""
    pairs = [(one, other) for one in THINGS for other in THINGS if one != other]
    random.Random(0).shuffle(pairs)
    sms = [
        f"spam\tWin a free {one} and a {other} now! Call!"
        if number % 2
        else f"ham\tI left your {one} beside the {other}."
        for number, (one, other) in enumerate(pairs)
    ]
    questions = [
        f"{label} {text.format(*pair)}"
        for number, pair in enumerate(pairs)
        for label, text in [list(QUESTIONS.items())[number % 6]]
    ]
    good = [f"a wonderful {one} and a lovely {other}" for one, other in pairs]
    bad = [f"a terrible {one} and an awful {other}" for one, other in pairs]
    labelled = [f"{text}\t1" for text in good] + [f"{text}\t0" for text in bad]
    likeness = [
        f"g\tf\ty\t{number}\t{5.0 if number % 2 else 1.0}\tThe {one} is old.\t"
        + (f"The {one} is very old." if number % 2 else f"Who took the {other}?")
        for number, (one, other) in enumerate(pairs)
    ]
    parts = [
        (number % 6, f"my {one} is new .", f"my {one} is quite new ." if number % 6 > 2 else other)
        for number, (one, other) in enumerate(pairs)
    ]
    random.Random(1).shuffle(labelled)
    trees = [TREE.format(number=number, thing=thing) for number, thing in enumerate(THINGS)]
    _write(folder / "sms/sms.tsv", [*sms, sms[0].upper().replace("HAM", "ham", 1), "ham\t..."])
    _write(folder / "trec/train_5500.label", [*questions[:90], questions[100]])
    _write(folder / "trec/TREC_10.label", questions[96:])
    _write(folder / "mr/rt-polarity.neg", bad)
    _write(folder / "mr/rt-polarity.pos", good)
    _write(folder / "sst2/sentiment-train", labelled[:150])
    _write(folder / "sst2/sentiment-test", labelled[150:])
    _write(folder / "stsb/sts-train.csv", likeness[:60])
    _write(folder / "stsb/sts-test.csv", likeness[60:])
    _write(folder / "stsb/sts-dev.csv", likeness[20:50])
    for part in STS_PARTS:
        _write(folder / part.input.path, [f"{first}\t{second}" for _, first, second in parts[:24]])
        # Nobody has scored the last pair.
        _write(folder / part.gold.path, [*(str(gold) for gold, _, _ in parts[:23]), ""])
    sick = [f"{number}\t{a}\t{b}\t{gold}\tX" for number, (gold, a, b) in enumerate(parts)]
    _write(folder / "sick/SICK_test_annotated.txt", ["pair_ID\tA\tB\tscore\tjudgment", *sick])
    for bank, short in (("EWT", "ewt"), ("GUM", "gum")):
        _write(folder / f"ud/UD_English-{bank}/en_{short}-ud-dev.conllu", trees[:6], "")
        _write(folder / f"ud/UD_English-{bank}/en_{short}-ud-test.conllu", trees[6:], "")


def _write(path: Path, lines: list[str], between: str = "\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(between.join(lines) + ("\n" if between else ""), encoding="utf-8")
