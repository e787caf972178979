"""adkit: see, trust and use derivatives inside a notebook.

`import adkit` brings the transformations (`grad`, `jacobian`, …) and `trace`; `%load_ext adkit` brings the magics.
Heavy packages (IPython, matplotlib, CuPy) are imported where they are used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import numpy, operators
from .backends import devices
from .check import check_grads
from .control_flow import checkpoint, cond, fori_loop, scan, while_loop
from .custom_rules import custom_rule
from .errors import (
    AdkitError,
    CheckError,
    DegenerateError,
    DegenerateWarning,
    DeviceError,
    IndependentError,
    InputError,
    LeakError,
    ModeError,
    MutationError,
    NonFiniteError,
    OptionError,
    PackageError,
    PathError,
    PlanError,
    TrainingWarning,
    UnsupportedError,
    VersionError,
)
from .exploring import explore
from .lifting import lift
from .settings import settings
from .trace import Trace, trace
from .transforms import (
    derivative,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    linearize,
    stop_gradient,
    taylor,
    value_and_grad,
    vjp,
)
from .vectorization import vmap

if TYPE_CHECKING:  # imported when first asked for, so that `import adkit` stays light
    from .diagnose.nan_origin import why_nan
    from .interop.dlpack import from_dlpack
    from .linear_operators import gauss_newton_operator, hessian_operator, jacobian_operator
    from .optimize import least_squares, minimize, root
    from .sparse import SparsePlan, sparse_plan

_MODULES = ("interop", "nn", "optim")
_LATER = {
    "SparsePlan": ".sparse",
    "from_dlpack": ".interop.dlpack",
    "gauss_newton_operator": ".linear_operators",
    "hessian_operator": ".linear_operators",
    "jacobian_operator": ".linear_operators",
    "least_squares": ".optimize",
    "minimize": ".optimize",
    "root": ".optimize",
    "sparse_plan": ".sparse",
    "why_nan": ".diagnose.nan_origin",
}

__adkit__ = True
__version__ = "0.1.0"

__all__ = [
    "AdkitError",
    "CheckError",
    "DegenerateError",
    "DegenerateWarning",
    "DeviceError",
    "IndependentError",
    "InputError",
    "LeakError",
    "ModeError",
    "MutationError",
    "NonFiniteError",
    "OptionError",
    "PackageError",
    "PathError",
    "PlanError",
    "SparsePlan",
    "Trace",
    "TrainingWarning",
    "UnsupportedError",
    "VersionError",
    "check_grads",
    "checkpoint",
    "cond",
    "custom_rule",
    "derivative",
    "devices",
    "explore",
    "fori_loop",
    "from_dlpack",
    "gauss_newton_operator",
    "grad",
    "hessian",
    "hessian_operator",
    "hvp",
    "jacobian",
    "jacobian_operator",
    "jvp",
    "least_squares",
    "lift",
    "linearize",
    "minimize",
    "numpy",
    "root",
    "scan",
    "settings",
    "sparse_plan",
    "stop_gradient",
    "taylor",
    "trace",
    "value_and_grad",
    "vjp",
    "vmap",
    "while_loop",
    "why_nan",
]

operators.attach()


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(_LATER[name], __name__), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext adkit`: register the magics."""
    from adkit_jupyter import load_ipython_extension as load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext adkit`: take the magics away again."""
    from adkit_jupyter import unload_ipython_extension as unload

    unload(shell)
