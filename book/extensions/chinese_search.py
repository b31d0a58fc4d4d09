"""A search that finds Chinese: by pairs of characters, as Chinese has no spaces between words.

Sphinx finds none without a program that cuts sentences into words, and with it only whole words.
"""

import re

from sphinx.application import Sphinx
from sphinx.search.zh import SearchChinese

HAN = re.compile(r"[\u4e00-\u9fff]+")
# The page cuts what is looked for in the same way.
SPLITTER = r"""
const pairs = (run) => Array.from({length: run.length - 1}, (_, at) => run.slice(at, at + 2));
var splitQuery = (query) => query
  .split(/[^\p{Letter}\p{Number}_]+/gu)
  .flatMap((term) => term.match(/[\u4e00-\u9fff]+|[^\u4e00-\u9fff]+/gu) ?? [])
  .flatMap((part) => (/[\u4e00-\u9fff]{2}/u.test(part) ? pairs(part) : [part]));
"""


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the language; Sphinx calls this when it loads the extension."""
    app.add_search_language(SearchByPairs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class SearchByPairs(SearchChinese):
    """Chinese by pairs of characters, and what is Latin as Sphinx does it."""

    js_splitter_code = SPLITTER

    def split(self, input: str) -> list[str]:
        """Cut a text into what is looked for."""
        runs = HAN.findall(input)
        pairs = [run[at : at + 2] for run in runs for at in range(len(run) - 1)]
        return pairs + super().split(input)
