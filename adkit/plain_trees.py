"""The six functions of optree that adkit uses, in plain Python, for platforms that optree is not built for (Pyodide).

Trees are tuples, lists, dicts (in the order of sorted keys, as in optree), ordered and default dicts, deques and named
tuples. Not for: classes that were registered with optree, which exist only where optree does.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

__adkit__ = True


@dataclasses.dataclass(frozen=True)
class PyTreeSpec:
    """The structure of a tree: its container (`None` for a leaf), how it is entered, and what is below."""

    kind: type | None
    keys: tuple[Any, ...] = ()
    children: tuple[PyTreeSpec, ...] = ()
    extra: Any = None  # of a default dict its factory, of a deque its length

    @property
    def num_leaves(self) -> int:
        return 1 if self.kind is None else sum(child.num_leaves for child in self.children)

    def is_leaf(self) -> bool:
        """Whether the tree was a bare leaf."""
        return self.kind is None

    def made_of(self, leaves: Iterator[Any]) -> Any:
        """The tree, with the next leaves."""
        kind = self.kind
        if kind is None:
            return next(leaves)
        parts = [child.made_of(leaves) for child in self.children]
        if kind is type(None):
            return None
        if kind is collections.defaultdict:
            return collections.defaultdict(self.extra, zip(self.keys, parts, strict=True))
        if kind in (dict, collections.OrderedDict):
            return kind(zip(self.keys, parts, strict=True))
        if kind is collections.deque:
            return collections.deque(parts, maxlen=self.extra)
        return kind(*parts) if hasattr(kind, "_fields") else kind(parts)


_LEAF = PyTreeSpec(None)


def _sorted_keys(tree: dict[Any, Any]) -> list[Any]:
    try:
        return sorted(tree)
    except TypeError:  # keys of several types: by type first
        return sorted(tree, key=lambda key: (f"{type(key).__module__}.{type(key).__qualname__}", key))


def _opened(tree: Any, none_is_leaf: bool) -> tuple[type, tuple[Any, ...], list[Any], Any] | None:
    """Container, keys, parts and what else makes a node; `None` for a leaf."""
    kind = type(tree)
    if tree is None:
        return None if none_is_leaf else (kind, (), [], None)
    if kind in (dict, collections.defaultdict):
        keys = _sorted_keys(tree)
        return kind, tuple(keys), [tree[key] for key in keys], getattr(tree, "default_factory", None)
    if kind is collections.OrderedDict:
        return kind, tuple(tree), list(tree.values()), None
    if kind in (tuple, list, collections.deque):
        return kind, tuple(range(len(tree))), list(tree), getattr(tree, "maxlen", None)
    if isinstance(tree, tuple) and hasattr(kind, "_fields"):
        return kind, kind._fields, list(tree), None
    return None


def tree_flatten(tree: Any, *, none_is_leaf: bool = False) -> tuple[list[Any], PyTreeSpec]:
    """The leaves of a tree, from left to right, and its structure.

    Example
    -------
    >>> leaves, structure = tree_flatten({"b": 1.0, "a": [2.0, 3.0]})
    >>> leaves, tree_unflatten(structure, [4.0, 5.0, 6.0])
    ([2.0, 3.0, 1.0], {'a': [4.0, 5.0], 'b': 6.0})
    """
    leaves: list[Any] = []

    def structure_of(part: Any) -> PyTreeSpec:
        opened = _opened(part, none_is_leaf)
        if opened is None:
            leaves.append(part)
            return _LEAF
        kind, keys, parts, extra = opened
        return PyTreeSpec(kind, keys, tuple(structure_of(below) for below in parts), extra)

    return leaves, structure_of(tree)


def tree_leaves(tree: Any, *, none_is_leaf: bool = False) -> list[Any]:
    """The leaves of a tree."""
    return tree_flatten(tree, none_is_leaf=none_is_leaf)[0]


def tree_unflatten(structure: PyTreeSpec, leaves: Sequence[Any]) -> Any:
    """The tree of a structure with other leaves; `ValueError` where their number differs."""
    leaves = list(leaves)
    if len(leaves) != structure.num_leaves:
        raise ValueError(f"a tree of {structure.num_leaves} leaves cannot be made of {len(leaves)}")
    return structure.made_of(iter(leaves))


def _matched(part: Any, full: Any, none_is_leaf: bool, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, Any]]:
    """Each leaf of a prefix with what the full tree has in its place; `ValueError` where they part."""
    opened = _opened(part, none_is_leaf)
    if opened is None:
        yield part, full
        return
    other = _opened(full, none_is_leaf)
    if other is None or other[:2] != opened[:2]:
        raise ValueError(f"the trees part below {above}: {type(part).__name__} and {type(full).__name__}")
    for key, below, beside in zip(opened[1], opened[2], other[2], strict=True):
        yield from _matched(below, beside, none_is_leaf, (*above, key))


def tree_map(f: Callable[[Any, Any], Any], tree: Any, like: Any, *, none_is_leaf: bool = False) -> Any:
    """f of each leaf of a tree and of what `like` has in its place, in the structure of the tree."""
    pairs = _matched(tree, like, none_is_leaf)
    return tree_unflatten(tree_flatten(tree, none_is_leaf=none_is_leaf)[1], [f(a, b) for a, b in pairs])


def broadcast_prefix(prefix: Any, tree: Any, *, none_is_leaf: bool = False) -> list[Any]:
    """For each leaf of a tree the leaf of the prefix that stands for it.

    Example
    -------
    >>> broadcast_prefix((0, None), ([1.0, 2.0], 3.0), none_is_leaf=True)
    [0, 0, None]
    """
    pairs = _matched(prefix, tree, none_is_leaf)
    return [a for a, full in pairs for _ in tree_leaves(full, none_is_leaf=none_is_leaf)]


@dataclasses.dataclass(frozen=True)
class PyTreeAccessor:
    """The way from the root of a tree to a leaf: keys, and whether each names an attribute."""

    path: tuple[Any, ...]
    named: tuple[bool, ...]

    def __len__(self) -> int:
        return len(self.path)

    def __getitem__(self, part: slice) -> PyTreeAccessor:
        return PyTreeAccessor(self.path[part], self.named[part])

    def codify(self, root: str) -> str:
        """The leaf as Python would write it."""
        steps = zip(self.path, self.named, strict=True)
        return root + "".join(f".{key}" if named else f"[{key!r}]" for key, named in steps)


def tree_accessors(tree: Any, *, none_is_leaf: bool = False) -> list[PyTreeAccessor]:
    """The way to each leaf.

    Example
    -------
    >>> [way.codify("p") for way in tree_accessors({"w": [1.0, 2.0]})]
    ["p['w'][0]", "p['w'][1]"]
    """

    def below(part: Any, path: tuple[Any, ...], named: tuple[bool, ...]) -> Iterator[PyTreeAccessor]:
        opened = _opened(part, none_is_leaf)
        if opened is None:
            yield PyTreeAccessor(path, named)
            return
        kind, keys, parts, _ = opened
        for key, inner in zip(keys, parts, strict=True):
            yield from below(inner, (*path, key), (*named, hasattr(kind, "_fields")))

    return list(below(tree, (), ()))
