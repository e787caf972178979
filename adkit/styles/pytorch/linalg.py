"""`torch.linalg`: the functions that NumPy has.

Not for: what only LAPACK's own interface offers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import numpy as anp
from .errors import missing
from .operands import as_held, promoted, wrap

__adkit__ = True
__path__: list[str] = []  # `from torch.linalg import X` asks for a module X before it gives up


def _function(name: str, operands: int = 1) -> Callable[..., Any]:
    inner = getattr(anp.linalg, name)

    def function(*args: Any, **options: Any) -> Any:
        axis = options.pop("dim", None)
        if axis is not None:
            options["axis"] = tuple(axis) if isinstance(axis, list) else axis
        if "keepdim" in options:
            options["keepdims"] = options.pop("keepdim")
        given = promoted(tuple(map(as_held, args[:operands]))) if operands > 1 else (as_held(args[0]),)
        made = inner(*given, *args[operands:], **options)
        return type(made)(*map(wrap, made)) if hasattr(made, "_fields") else _wrapped(made)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"`torch.linalg.{name}`, as `numpy.linalg.{name}`."
    return function


def _wrapped(made: Any) -> Any:
    return tuple(map(wrap, made)) if isinstance(made, tuple) else wrap(made)


inv, det, slogdet, pinv = map(_function, ("inv", "det", "slogdet", "pinv"))
eigh, eigvalsh, eig, eigvals = map(_function, ("eigh", "eigvalsh", "eig", "eigvals"))
cholesky, qr, svdvals, cond = map(_function, ("cholesky", "qr", "svdvals", "cond"))
matrix_power, matrix_rank, norm = map(_function, ("matrix_power", "matrix_rank", "norm"))
vector_norm, matrix_norm = map(_function, ("vector_norm", "matrix_norm"))
solve, cross, vecdot = (_function(name, 2) for name in ("solve", "cross", "vecdot"))


def svd(A: Any, full_matrices: bool = True) -> Any:
    """`torch.linalg.svd`."""
    return tuple(map(wrap, anp.linalg.svd(as_held(A), full_matrices=full_matrices)))


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise missing(f"torch.linalg.{name}", "use adkit.numpy.linalg or adkit.scipy.linalg on arrays")
