"""`import adkit.styles.theano.tensor as T`: symbolic variables and the functions of them.

Not for: compiling (`adkit.styles.theano.function`).
"""

from __future__ import annotations

import importlib
from typing import Any

from ..graph import Constant, TensorConstant, TensorType, TensorVariable, Variable
from . import elementwise, indexing, methods, products, reduction, shaping, types

__adkit__ = True

methods.attach()

from .elementwise import ufunc_counterpart  # noqa: E402
from .shaping import stack  # noqa: E402

_LATER = {
    **dict.fromkeys("grad jacobian hessian Rop Lop consider_constant".split(), "..differentiation"),
    **dict.fromkeys("nnet shared_randomstreams nlinalg slinalg".split(), ""),
    "TensorSharedVariable": "..shared",
    "shared": "..shared",
    "lscalar_types": ".types",
}
_MODULES = (types, elementwise, reduction, shaping, indexing, products)
_HIDDEN = frozenset("annotations Any Callable Sequence numpy config broadcast promoted".split())


def __getattr__(name: str) -> Any:
    if name in _LATER:
        where = _LATER[name] or f".{name}"
        module = importlib.import_module(where, __name__)
        found = getattr(module, name) if _LATER[name] else module
    else:
        found = _found(name)
    globals()[name] = found
    return found


def _found(name: str) -> Any:
    if not name.startswith("_") and name not in _HIDDEN:
        for module in _MODULES:
            try:
                return getattr(module, name)
            except AttributeError:
                continue
    from ..refused import absent_within

    raise absent_within("T", name)


def __dir__() -> list[str]:
    names = {*globals(), *_LATER, *types.NAMED, *elementwise.OPERATIONS, *elementwise.NAMES}
    for module in _MODULES[2:]:
        names.update(
            n for n, f in vars(module).items() if callable(f) and getattr(f, "__module__", "") == module.__name__
        )
    return sorted(n for n in names if not n.startswith("_"))


__all__ = ["Constant", "TensorConstant", "TensorType", "TensorVariable", "Variable", "stack", "ufunc_counterpart"]
