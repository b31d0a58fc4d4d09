"""Messages in the reader's language, by GNU gettext.

They are in English, unless the environment variable ``TRENDLIB_CATALOGUE`` names a
compiled catalogue of translations (``.mo``, as GNU gettext has them). The book's Chinese edition is
made so. Only what translated chapters show goes through these functions.
"""

import gettext
import os
import struct
from functools import cache
from pathlib import Path

from trendlib.errors import TrendlibError

CATALOGUE = "TRENDLIB_CATALOGUE"
"""The environment variable."""


class LanguageError(TrendlibError):
    """A catalogue of translations cannot be read."""


def _(message: str) -> str:
    """Translate a message; what varies in it is put in by ``format``.

    Args:
        message: The message in English. Translators read it whole.

    Raises:
        LanguageError: If there is no catalogue where the environment variable says.

    >>> _("{led} of {all} rows").format(led=3, all=4)
    '3 of 4 rows'
    """
    return _translations(os.environ.get(CATALOGUE)).gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """Translate a message that is another one for one thing than for several.

    Args:
        one: The message in English if it is one thing.
        many: The message if there are none or several.
        count: How many there are.

    Raises:
        LanguageError: If there is no catalogue where the environment variable says.

    >>> ngettext("{count} vote", "{count} votes", 2).format(count=2)
    '2 votes'
    """
    return _translations(os.environ.get(CATALOGUE)).ngettext(one, many, count)


def N_(message: str) -> str:  # noqa: N802 (the name that gettext's tools know)
    """Mark a message that is translated elsewhere, so that it comes into the catalogues."""
    return message


@cache
def _translations(catalogue: str | None) -> gettext.NullTranslations:
    if not catalogue:
        return gettext.NullTranslations()
    try:
        with Path(catalogue).open("rb") as file:
            return gettext.GNUTranslations(file)
    except (OSError, UnicodeDecodeError, struct.error) as error:
        raise LanguageError(
            f"the environment variable {CATALOGUE} names {catalogue!r}, which cannot be read as "
            f"a catalogue of translations ({error}): give a .mo file, or leave the variable unset "
            "for English"
        ) from error
