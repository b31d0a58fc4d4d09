"""Results that are copied and pickled by building them anew, so that read-only stays read-only."""

from dataclasses import fields
from types import MappingProxyType
from typing import Any


class Rebuilt:
    """A base class of frozen dataclasses whose ``__post_init__`` makes something read-only.

    >>> import pickle
    >>> from trendlib.encoding import Provenance
    >>> model = Provenance("a-model", "r1", "0" * 64, "float32", {"numpy": "2.0"})
    >>> pickle.loads(pickle.dumps(model)) == model
    True
    """

    def __reduce__(self) -> tuple[Any, ...]:
        """Give ``copy`` and ``pickle`` the arguments of the constructor."""
        values = (getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]
        # Python cannot pickle a read-only view of a dictionary.
        plain = (dict(value) if isinstance(value, MappingProxyType) else value for value in values)
        return type(self), tuple(plain)
