"""Sentences in the reader's language.

Everything is said in English, unless the environment variable ``TRENDLIB_CATALOGUE`` names a
compiled catalogue of translations (``.mo``, as GNU gettext has them). The book's Chinese edition is
made so. Only what translated chapters show is said through these functions.
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


def say(message: str, /, **values: object) -> str:
    """Say a message with values in the places that it names.

    Args:
        message: The message in English, a format string. Translators read it whole.
        values: The values.

    Raises:
        LanguageError: If there is no catalogue where the environment variable says.

    >>> say("{led} of {all} rows", led=3, all=4)
    '3 of 4 rows'
    """
    return _translations(os.environ.get(CATALOGUE)).gettext(message).format(**values)


def say_many(one: str, many: str, count: int, /, **values: object) -> str:
    """Say one message of one thing, and another one of many.

    Args:
        one: The message if it is one thing.
        many: The message if there are none or several.
        count: How many there are.
        values: The values.

    Raises:
        LanguageError: If there is no catalogue where the environment variable says.

    >>> say_many("{count} vote", "{count} votes", 2, count=2)
    '2 votes'
    """
    translations = _translations(os.environ.get(CATALOGUE))
    return translations.ngettext(one, many, count).format(**values)


def to_say(message: str) -> str:
    """Mark a message that is said elsewhere, so that it comes into the catalogues."""
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
