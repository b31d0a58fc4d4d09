"""Messages in the reader's language, with GNU gettext.

They are in English unless the environment variable ``TRENDLIB_CATALOGUE`` names a compiled
catalogue of translations (a ``.mo`` file). That is how the book's Chinese edition is built. Only
messages that translated chapters show go through these functions.
"""

import gettext
import os
import struct
from functools import cache
from pathlib import Path

from trendlib.errors import LanguageError

CATALOGUE = "TRENDLIB_CATALOGUE"
"""The environment variable that names the catalogue."""


def _(message: str) -> str:
    """Translate a message.

    Args:
        message: The whole message in English; its variable parts are filled in with ``format``.

    Raises:
        LanguageError: If the catalogue cannot be read.

    >>> _("{led} of {all} rows").format(led=3, all=4)
    '3 of 4 rows'
    """
    return translations(os.environ.get(CATALOGUE)).gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """Translate a message that has a singular and a plural.

    Args:
        one: The singular in English.
        many: The plural in English.
        count: The number that decides between them.

    Raises:
        LanguageError: If the catalogue cannot be read.

    >>> ngettext("{count} vote", "{count} votes", 2).format(count=2)
    '2 votes'
    """
    return translations(os.environ.get(CATALOGUE)).ngettext(one, many, count)


def N_(message: str) -> str:  # noqa: N802 (the name that gettext's tools know)
    """Mark a message for the catalogues; it is translated where it is shown."""
    return message


@cache
def translations(catalogue: str | None) -> gettext.NullTranslations:
    """Read a catalogue.

    Args:
        catalogue: Its ``.mo`` file; none for English.

    Raises:
        LanguageError: If the catalogue cannot be read.

    >>> translations(None).gettext("4 votes")
    '4 votes'
    """
    if not catalogue:
        return gettext.NullTranslations()
    try:
        with Path(catalogue).open("rb") as file:
            return gettext.GNUTranslations(file)
    except (OSError, UnicodeDecodeError, struct.error) as error:
        raise LanguageError(
            f"the environment variable {CATALOGUE} names {catalogue!r}, which cannot be read as "
            f"a catalogue of translations ({error}): use a .mo file, or leave the variable unset "
            "for English"
        ) from error
