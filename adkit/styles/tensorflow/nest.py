"""Nested structures of sources and results: tuples, lists, named tuples and dicts, as `tf.nest` has them.

Not for: arguments of adkit's transformations (`adkit.pytrees`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__adkit__ = True


def flatten(structure: Any) -> list[Any]:
    """The leaves in order; dicts in the order of their sorted keys.

    Example
    -------
    >>> flatten({"b": 2, "a": [1, (3,)]})
    [1, 3, 2]
    """
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in flatten(structure[key])]
    if isinstance(structure, (list, tuple)) and not hasattr(structure, "num_elements"):
        return [leaf for part in structure for leaf in flatten(part)]
    return [structure]


def map_structure(function: Callable[..., Any], structure: Any, *others: Any) -> Any:
    """The same structure with the results of `function` of each leaf (and of the leaves of others like it).

    Example
    -------
    >>> map_structure(lambda x: x + 1, {"a": 1, "b": (2, 3)})
    {'a': 2, 'b': (3, 4)}
    """
    results = [function(*leaves) for leaves in zip(*map(flatten, (structure, *others)), strict=True)]
    return pack_sequence_as(structure, results)


def pack_sequence_as(structure: Any, flat_sequence: Any) -> Any:
    """The structure with other leaves in order.

    Example
    -------
    >>> pack_sequence_as([1, (2,)], "xy")
    ['x', ('y',)]
    """
    return _packed(structure, iter(flat_sequence))


def _packed(structure: Any, rest: Any) -> Any:
    if isinstance(structure, dict):
        made = {key: _packed(structure[key], rest) for key in sorted(structure)}
        return type(structure)((key, made[key]) for key in structure)
    if isinstance(structure, (list, tuple)) and not hasattr(structure, "num_elements"):
        parts = [_packed(part, rest) for part in structure]
        return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    return next(rest)
