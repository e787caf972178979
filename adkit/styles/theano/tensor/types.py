"""The types with names: `T.dvector`, `T.iscalar`, … and the functions `T.scalar`, `T.vectors`, … of `config.floatX`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..configuration import config
from ..graph import Constant, TensorType, Variable, as_variable

__adkit__ = True

PREFIXES = {
    "b": "int8", "w": "int16", "i": "int32", "l": "int64", "f": "float32", "d": "float64", "c": "complex64",
    "z": "complex128",
}  # fmt: skip
PATTERNS: dict[str, tuple[bool, ...]] = {
    "scalar": (),
    "vector": (False,),
    "row": (True, False),
    "col": (False, True),
    "matrix": (False, False),
    **{f"tensor{n}": (False,) * n for n in (3, 4, 5, 6, 7)},
}
PLURALS = {name: {"matrix": "matrices"}.get(name, name + "s") for name in PATTERNS}
NAMED: dict[str, Any] = {}


def _maker(pattern: tuple[bool, ...], shape: str) -> Callable[..., Variable]:
    def make(name: str | None = None, dtype: Any = None) -> Variable:
        return TensorType(dtype or config.floatX, pattern)(name)

    make.__name__ = make.__qualname__ = shape
    make.__doc__ = f"A symbolic {shape}, of dtype `config.floatX` unless one is given."
    return make


def _several(make: Any, shape: str) -> Callable[..., list[Variable]]:
    def makes(*names: Any, dtype: Any = None) -> Any:
        wanted = [None] * names[0] if len(names) == 1 and isinstance(names[0], int) else list(names)
        options = {} if dtype is None else {"dtype": dtype}
        made = [make(name, **options) for name in wanted]
        return made[0] if len(made) == 1 else made

    makes.__name__ = makes.__qualname__ = shape
    makes.__doc__ = f"Symbolic {shape} with these names, or as many as a number says."
    return makes


for _shape, _pattern in PATTERNS.items():
    NAMED[_shape] = _maker(_pattern, _shape)
    NAMED[PLURALS[_shape]] = _several(NAMED[_shape], PLURALS[_shape])
    for _prefix, _dtype in PREFIXES.items():
        NAMED[_prefix + _shape] = TensorType(_dtype, _pattern)
        NAMED[_prefix + PLURALS[_shape]] = _several(NAMED[_prefix + _shape], _prefix + PLURALS[_shape])


def constant(x: Any, name: str | None = None, ndim: int | None = None, dtype: Any = None) -> Variable:
    """A plain value as a variable, of a dtype if one is given."""
    import numpy

    return Constant(x if dtype is None else numpy.asarray(x, dtype), name)


def as_tensor_variable(x: Any, name: str | None = None, ndim: int | None = None) -> Variable:
    """A variable as it is, a number or array as a constant, a list of variables stacked."""
    return as_variable(x, name, ndim)


as_tensor = as_tensor_variable


def __getattr__(name: str) -> Any:
    try:
        return NAMED[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
