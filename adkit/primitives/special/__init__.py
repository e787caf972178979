"""Rows of special functions, evaluated by `scipy.special`, which is imported when one is first used.

One module per family. An operand that has no derivative in closed form is refused by name where it is traced.
Not for: functions that are composed of these (`adkit.scipy.special`).
"""

from __future__ import annotations

from typing import Any

from . import bessel as _bessel
from . import distributions as _distributions
from . import elliptic as _elliptic
from . import errors as _errors
from . import gamma as _gamma
from . import hypergeometric as _hypergeometric
from . import integrals as _integrals
from .row import Component, Kernel, Special

__adkit__ = True

_FAMILIES = (_gamma, _errors, _bessel, _integrals, _elliptic, _hypergeometric, _distributions)
ROWS: dict[str, Special] = {
    name: row for family in _FAMILIES for name, row in vars(family).items() if isinstance(row, Special)
}
globals().update(ROWS)


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["ROWS", "Component", "Kernel", "Special"]
