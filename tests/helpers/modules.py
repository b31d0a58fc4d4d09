"""Modules of the package, loaded in other ways."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType


def without_shape_checks(module: ModuleType) -> ModuleType:
    """Load a module once more, as users have it: arrays of wrong shapes reach its own checks."""
    assert module.__file__ is not None
    spec = spec_from_file_location(f"unchecked_{module.__name__}", module.__file__)
    assert spec is not None
    assert spec.loader is not None
    copy = module_from_spec(spec)
    sys.modules[spec.name] = copy  # dataclasses look their module up
    spec.loader.exec_module(copy)
    return copy
