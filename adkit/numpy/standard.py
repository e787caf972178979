"""What the array API standard (2024.12) has beyond NumPy: `__array_namespace_info__`, `isdtype` of any library's
dtypes, descending `sort` and `argsort`.

Source: https://data-apis.org/array-api/2024.12. The functions of the standard that NumPy has too are in the other
modules of this package, which take the standard's arguments. Not for: array libraries (`backends`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy

from .. import backends
from ..dtypes import is_foreign_dtype, named_dtype
from ..numpy_api import has_handle

__adkit__ = True

__array_api_version__ = "2024.12"

_VERSIONS = ("2021.12", "2022.12", "2023.12", __array_api_version__)


def check_version(version: str | None) -> None:
    """Raise `ValueError` for a version of the standard that `adkit.numpy` does not follow.

    Example
    -------
    >>> check_version("2023.12")
    """
    if version is not None and version not in _VERSIONS:
        raise ValueError(f"adkit.numpy follows the array API standard up to {__array_api_version__}, not {version!r}")


class NamespaceInfo:
    """What `__array_namespace_info__()` returns: capabilities, devices and dtypes, as the standard names them.

    Example
    -------
    >>> NamespaceInfo().default_dtypes()["real floating"]
    dtype('float64')
    """

    def capabilities(self) -> dict[str, Any]:
        """Boolean masks and results whose shape depends on values work; the value decides, and is a guard."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """Where `zeros`, `asarray` and their kin put their results."""
        return "cpu"

    def devices(self) -> list[str]:
        """The devices that creation functions take; the device objects of array libraries are taken as well."""
        return backends.devices()

    def default_dtypes(self, *, device: Any = None) -> dict[str, numpy.dtype]:
        """The dtypes of results for which none was asked."""
        return {**numpy.__array_namespace_info__().default_dtypes()}  # type: ignore[dict-item]

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, numpy.dtype]:
        """The standard's dtypes of a kind ("bool", "integral", "real floating", …), or all of them."""
        return dict(numpy.__array_namespace_info__().dtypes(kind=kind))


def __array_namespace_info__() -> NamespaceInfo:
    """The array API standard's description of this namespace."""
    return NamespaceInfo()


def isdtype(dtype: Any, kind: Any) -> bool:
    """`numpy.isdtype`, also of the dtype objects of other array libraries.

    Example
    -------
    >>> isdtype(numpy.float32, ("real floating", "bool"))
    True
    """
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return numpy.isdtype(_named(dtype), tuple(_named(k) for k in kinds))


def _named(dtype: Any) -> Any:
    return named_dtype(dtype) if is_foreign_dtype(dtype) else dtype


def descending_too(function: Callable[..., Any]) -> Callable[..., Any]:
    """`sort` or `argsort` of `adkit.numpy`, whose plain arguments go to NumPy, with the standard's `descending=`, which
    NumPy has from 2.5 on.
    """
    own = function.__wrapped__  # type: ignore[attr-defined]

    @functools.wraps(function)
    def call(*args: Any, descending: bool = False, **options: Any) -> Any:
        if not descending:
            return function(*args, **options)
        return (function if has_handle(args) else own)(*args, descending=True, **options)

    return call
