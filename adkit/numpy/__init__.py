"""`adkit.numpy`: NumPy's namespace for traced and plain arrays.

Every name of `numpy` is here: functions with a derivative rule, ufuncs, creation functions whose results traced
values can be assigned into, and NumPy's own constants, types and modules. A function without a rule works on plain
arguments and raises `UnsupportedError` for traced ones. Plain arguments always get NumPy's own answer. Not for: how
plain `numpy` functions find their way here (`numpy_api`).

Example
-------
>>> import adkit
>>> import adkit.numpy as np
>>> adkit.grad(lambda x: np.sum(np.sin(x)))(np.zeros(2))
array([1., 1.])
"""

from __future__ import annotations

import importlib
import sys
import types
from typing import Any

import numpy

from .. import numpy_api as _api

__adkit__ = True

from . import calculus as _calculus
from . import creation as _creation
from . import elementwise as _elementwise
from . import fft, linalg
from . import histograms as _histograms
from . import indexing as _indexing
from . import inspection as _inspection
from . import integers as _integers
from . import joining as _joining
from . import lifted as _lifted
from . import methods as _methods
from . import polynomials as _polynomials
from . import products as _products
from . import promotion as _promotion
from . import reduction as _reduction
from . import selection as _selection
from . import sets as _sets
from . import shaping as _shaping
from . import sorting as _sorting
from . import standard as _standard
from . import statistics as _statistics
from . import ufuncs as _ufuncs
from . import windows as _windows
from .joining import c_, mgrid, ogrid, r_
from .standard import __array_api_version__, __array_namespace_info__, isdtype

_MODULES: tuple[types.ModuleType, ...] = (
    _creation, _elementwise, _reduction, _joining, _shaping, _indexing, _sorting, _products, _promotion
)  # fmt: skip
_LIKE = {
    "numpy._core.numeric": "full ones identity fromfunction",
    "numpy.lib._twodim_base_impl": "eye tri",
    "numpy._core._asarray": "require",
}
_MODULES += (_calculus, _histograms, _inspection, _polynomials, _selection, _sets, _statistics)
_RENAMED = {"ndim": _shaping._ndim, "vectorize": _selection.vectorize, "polyfit": _polynomials.polyfit}


def _members(module: types.ModuleType) -> dict[str, Any]:
    """The functions that a module of this package defines under NumPy's names."""
    return {
        name: member
        for name, member in vars(module).items()
        if isinstance(member, types.FunctionType) and hasattr(numpy, name) and member.__module__ == module.__name__
    }


def _enter() -> None:
    _ufuncs.enter()
    _integers.enter()
    space = globals()
    for module in _MODULES:
        space.update(_members(module))
    space.update(_RENAMED, kaiser=_windows.kaiser)
    _lifted.enter(space)
    if "trapz" in vars(numpy):  # until NumPy 2.3
        space["trapz"] = space["trapezoid"]
    for name in _creation.CREATORS:
        _api.FUNCTIONS[getattr(numpy, name)] = space[name] = getattr(_creation, name)
    for holder, names in _LIKE.items():  # what NumPy's own creation functions in Python dispatch on with like=
        for name in names.split():
            dispatching = getattr(sys.modules.get(holder), f"_{name}_with_like", None)
            if dispatching is not None:
                _api.FUNCTIONS[dispatching] = getattr(_creation, name)
    space["sort"], space["argsort"] = map(_standard.descending_too, (_sorting.sort, _sorting.argsort))
    for name, member in list(vars(numpy).items()):  # not dir(), whose names include modules imported when touched
        if isinstance(member, numpy.ufunc):
            space[name] = _objects.get(member) or _objects.setdefault(member, _ufuncs.Ufunc(member))
    _methods.attach()


_objects: dict[Any, _ufuncs.Ufunc] = {}
_enter()


def __getattr__(name: str) -> Any:
    if name == "special":  # the extension that SciPy looks for in a namespace of the array API
        return importlib.import_module("adkit.scipy.special")
    member = getattr(numpy, name)
    made: Any
    if isinstance(member, type) and _refused(name):
        made = globals()[name] = _api.refusing_class(member)
        return made
    if name.startswith("_") or isinstance(member, (type, types.ModuleType)) or not callable(member):
        return member
    full = f"numpy.{name}"
    made = globals()[name] = _api.constant(member) if _is_constant(full) else _api.refusing(full, member)
    return made


def _refused(name: str) -> bool:
    from .census import REFUSED  # not at the top, as `python -m adkit.numpy.census` imports this package first

    return f"numpy.{name}" in REFUSED


def _is_constant(name: str) -> bool:
    from .census import constant_note

    return constant_note(name) is not None


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(numpy)})


__all__ = [
    "__array_api_version__", "__array_namespace_info__", "c_", "fft", "isdtype", "linalg", "mgrid", "ogrid", "r_"
]  # fmt: skip
