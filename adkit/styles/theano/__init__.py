"""Theano's way of writing over adkit's core: `import adkit.styles.theano as theano`.

Variables are symbolic: expressions are recorded without values, compiled by `function`, and differentiated by `grad`.
Not for: rules of differentiation (`adkit.primitives`), and devices, compilers and layers, which this face leaves out.

Example
-------
>>> from adkit.styles import theano
>>> import adkit.styles.theano.tensor as T
>>> x = T.dscalar("x")
>>> y = x**2
>>> gy = T.grad(y, x)
>>> theano.pp(gy)
'2 * x'
>>> f = theano.function([x], gy)
>>> f(4)
array(8.)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import tensor
from .configuration import config
from .differentiation import Lop, Rop, grad
from .functions import Function, In, Out, Param, function
from .graph import Apply, Constant, TensorType, Variable
from .shared import SharedVariable, shared

if TYPE_CHECKING:
    from . import gradient, ifelse, printing, scan_module
    from .printing import pp
    from .scanning import scan

__adkit__ = True

_LATER = {
    "gradient": ".gradient", "ifelse": ".ifelse", "printing": ".printing", "scan_module": ".scan_module",
    "scan": ".scanning", "map": ".scanning", "reduce": ".scanning", "foldl": ".scanning", "foldr": ".scanning",
    "pp": ".printing", "pprint": ".printing",
}  # fmt: skip
_MODULES = ("gradient", "ifelse", "printing", "scan_module")


class Mode:
    """A mode of compiling: accepted everywhere, and without an effect here."""

    def __init__(self, linker: Any = None, optimizer: Any = None) -> None:
        self.linker, self.optimizer = linker, optimizer


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        from .refused import absent

        raise absent(name)
    module = importlib.import_module(_LATER[name], __name__)
    found = globals()[name] = module if name in _MODULES else getattr(module, name)
    return found


def __dir__() -> list[str]:
    return sorted({*(n for n in globals() if not n.startswith("_")), *_LATER})


__all__ = [
    "Apply",
    "Constant",
    "Function",
    "In",
    "Lop",
    "Mode",
    "Out",
    "Param",
    "Rop",
    "SharedVariable",
    "TensorType",
    "Variable",
    "config",
    "function",
    "grad",
    "gradient",
    "ifelse",
    "pp",
    "printing",
    "scan",
    "scan_module",
    "shared",
    "tensor",
]
