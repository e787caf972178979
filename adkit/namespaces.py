"""What a traced cell sees instead of NumPy, math and SciPy: the table from their modules and functions to adkit's.

Looking something up imports nothing that the user has not imported. Not for: putting the substitutes in place, which
is the notebook side's business.
"""

from __future__ import annotations

import functools
import importlib
import sys
import types
from typing import Any

import numpy

from .handle import TracedArray

__adkit__ = True

# module -> adkit's namespace, imported when first asked for
_NAMESPACES = {
    "numpy": "adkit.numpy",
    "numpy.fft": "adkit.numpy.fft",
    "numpy.linalg": "adkit.numpy.linalg",
    "math": "adkit.math",
    "scipy": "adkit.scipy",
    "scipy.fft": "adkit.scipy.fft",
    "scipy.special": "adkit.scipy.special",
    "scipy.linalg": "adkit.scipy.linalg",
}


def substitute_for(value: Any) -> Any:
    """adkit's namespace for a module, adkit's function for a function or ufunc of one, or `None`.

    Example
    -------
    >>> import math
    >>> substitute_for(math).__name__, substitute_for(math.sin)(0.5) == math.sin(0.5)
    ('adkit.math', True)
    >>> substitute_for(3.0)
    """
    if isinstance(value, types.ModuleType):
        name = _NAMESPACES.get(value.__name__)
        return importlib.import_module(name) if name and sys.modules.get(value.__name__) is value else None
    if isinstance(value, type) or not (callable(value) or value is numpy.r_ or value is numpy.c_):
        return None
    try:
        return _substitutes().get(value)
    except TypeError:  # not hashable, so none of ours
        return None


def instance_check(value: Any, kind: Any) -> bool:
    """`isinstance` as traced code sees it: a traced value is an instance of what its plain value is one of.

    Without it, `if isinstance(x, float)` would take another path than in plain code.
    """
    return isinstance(value, kind) or (isinstance(value, TracedArray) and isinstance(value.value, kind))


def _substitutes() -> dict[Any, Any]:
    return _table(tuple(name for name in _NAMESPACES if name in sys.modules))


@functools.lru_cache(maxsize=8)
def _table(modules: tuple[str, ...]) -> dict[Any, Any]:
    """Each function of the given modules -> its counterpart, where there is one that differs."""
    table: dict[Any, Any] = {}
    for name in modules:
        module, counterpart = sys.modules[name], importlib.import_module(_NAMESPACES[name])
        for member_name, ours in list(vars(counterpart).items()):
            member = getattr(module, member_name, None)
            if (
                member_name.startswith("_")
                or member is None
                or member is ours
                or isinstance(member, (type, types.ModuleType))
            ):
                continue
            if callable(member) or member_name in ("r_", "c_"):
                table.setdefault(member, ours)
    return table
