"""Warnings as errors, all but those of garbage that other tests have left."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

nothing_warns = pytest.mark.filterwarnings("error", "ignore::ResourceWarning")
"""Marks a test in which nothing may warn. Whose sockets are collected in it is chance."""


@contextmanager
def no_warnings() -> Iterator[None]:
    """Check that nothing warns inside."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ResourceWarning)
        yield
