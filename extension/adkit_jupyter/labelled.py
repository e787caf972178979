"""Ordinary values within labelled arrays: what xarray and pandas hold of traced values once the cell has ended.

xarray's variables get plain data in place; a Series or DataFrame of objects is made anew, with the dtype that plain
values give it. Neither library is imported here. Not for: computing with them, which is their own business.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy

__adkit__ = True


def is_labelled(value: Any) -> bool:
    """Whether `value` is a labelled array of xarray's or pandas'."""
    return type(value).__module__.partition(".")[0] in ("xarray", "pandas") and bool(_kinds(value))


def _kinds(value: Any) -> str:
    """ "variables" for xarray's, "series" or "frame" for pandas', else nothing."""
    xarray, pandas = sys.modules.get("xarray"), sys.modules.get("pandas")
    if xarray is not None and isinstance(value, (xarray.DataArray, xarray.Dataset, xarray.Variable)):
        return "variables"
    if pandas is not None and isinstance(value, pandas.Series):
        return "series"
    return "frame" if pandas is not None and isinstance(value, pandas.DataFrame) else ""


def made_ordinary(value: Any, ordinary: Callable[[Any], Any]) -> Any:
    """`value` with what `ordinary` makes of its data: the same object, or for pandas a new one where that differs."""
    kind = _kinds(value)
    if kind == "variables":
        for variable in _variables(value):
            _fill(variable, ordinary)
        return value
    if kind == "series":
        return _series(value, ordinary)
    made = value
    for i in range(value.shape[1]):
        column = value.iloc[:, i]
        plain = _series(column, ordinary)
        if plain is not column:
            made = value.copy() if made is value else made
            made.isetitem(i, plain)
    return made


def _variables(value: Any) -> list[Any]:
    """The variables of a Dataset or DataArray, or a Variable itself."""
    if hasattr(value, "data_vars"):
        return [variable.variable for variable in (*value.data_vars.values(), *value.coords.values())]
    if hasattr(value, "coords"):
        return [value.variable, *(coordinate.variable for coordinate in value.coords.values())]
    return [value]


def _fill(variable: Any, ordinary: Callable[[Any], Any]) -> None:
    data = getattr(variable, "_data", None)  # `data` itself would load what lies in a file
    plain = ordinary(data)
    if plain is not data:
        variable.data = numpy.asarray(plain)


def _series(value: Any, ordinary: Callable[[Any], Any]) -> Any:
    if value.dtype != object:
        return value
    items = list(value)
    plain = [ordinary(item) for item in items]
    if all(a is b for a, b in zip(plain, items, strict=True)):
        return value
    return type(value)(plain, index=value.index, name=value.name)
