"""`torch.special`: the functions that `scipy.special` has, of one tensor.

Not for: their derivatives (`adkit.primitives.special`).
"""

from __future__ import annotations

from typing import Any

from ...scipy import special as theirs
from .errors import missing
from .operands import as_held, real_operand, wrap

__adkit__ = True
__path__: list[str] = []  # `from torch.special import X` asks for a module X before it gives up

_NAMES = "erf erfc erfinv expit gammaln psi digamma i0 i1 i0e i1e entr ndtr log_ndtr ndtri logit xlogy xlog1py".split()
_RENAMED = {"digamma": "psi"}


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    if name not in _NAMES:
        raise missing(f"torch.special.{name}", "use adkit.scipy.special on arrays")
    inner = getattr(theirs, _RENAMED.get(name, name))

    def function(*args: Any) -> Any:
        return wrap(inner(*(real_operand(as_held(a)) for a in args)))

    function.__name__ = name
    return function
