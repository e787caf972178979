"""`adkit.scipy.linalg`: `solve inv det norm` and simple products with the rules of `adkit.numpy.linalg`; the
others are refused.
"""

from __future__ import annotations

from typing import Any

import scipy.linalg

from ..numpy import linalg as _linalg
from ..numpy.arguments import refuse_option
from ..numpy_api import choosing, refusing

__adkit__ = True


def _solve(
    a: Any, b: Any, lower: bool = False, overwrite_a: bool = False, overwrite_b: bool = False, **options: Any
) -> Any:
    """`scipy.linalg.solve` of a general matrix; what is known of its structure is not used."""
    if options.get("transposed"):
        raise refuse_option("linalg.solve", "transposed=True", "pass a.T")
    if lower or options.get("assume_a") in ("sym", "her", "pos"):
        raise refuse_option(
            "linalg.solve", "a matrix of which one triangle is given", "pass the whole matrix, and no assume_a"
        )
    return _linalg.solve(a, b)


def _inv(a: Any, overwrite_a: bool = False, check_finite: bool = True, **options: Any) -> Any:
    """`scipy.linalg.inv`."""
    return _linalg.inv(a)


def _det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """`scipy.linalg.det`."""
    return _linalg.det(a)


def _norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True) -> Any:
    """`scipy.linalg.norm`."""
    return _linalg.norm(a, ord, axis, keepdims)


solve, inv = choosing(scipy.linalg.solve, _solve), choosing(scipy.linalg.inv, _inv)
det, norm = choosing(scipy.linalg.det, _det), choosing(scipy.linalg.norm, _norm)
LinAlgError = scipy.linalg.LinAlgError


def __getattr__(name: str) -> Any:
    member = getattr(scipy.linalg, name)
    if name.startswith("_") or isinstance(member, type) or not callable(member):
        return member
    made = globals()[name] = refusing(f"scipy.linalg.{name}", member)
    return made


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(scipy.linalg)})
