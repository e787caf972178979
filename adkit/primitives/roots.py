"""The row of `roots`: the roots of a polynomial, by the implicit function theorem.

Not for: eigenvalues (`primitives.linalg`).
"""

from __future__ import annotations

from typing import Any

import numpy

from ..backends import asarray_like
from ..primitive import General
from .elementwise import add, divide, multiply, negative, strong_multiply
from .indexing import getitem
from .shape import reshape, shape_of, through_numpy

__adkit__ = True


def horner(p: Any, x: Any) -> Any:
    """The polynomial with coefficients p, highest degree first, at x."""
    n = shape_of(p)[0]
    value = multiply(x, 0.0)
    for i in range(n):
        value = add(multiply(value, x), getitem(p, index=(slice(i, i + 1),)))
    return value


def _slope(p: Any, r: Any) -> Any:
    """p′(r)."""
    n = shape_of(p)[0] - 1
    powers = asarray_like(numpy.arange(n, 0, -1), getattr(p, "value", p))
    return horner(multiply(getitem(p, index=(slice(0, n),)), powers), r)


def _vjp(g: Any, out: Any, p: Any) -> Any:
    """p̄_j = −Σ_k ḡ_k r_k^(n−j) / p′(r_k)."""
    from .reduction import sum_
    from .shape import stack

    weight = negative(divide(g, _slope(p, out)))
    powers = [multiply(out, 0.0) + 1.0]
    for _ in range(shape_of(p)[0] - 1):
        powers.append(multiply(powers[-1], out))
    columns = stack(*reversed(powers), axis=0)
    return (sum_(strong_multiply(reshape(weight, shape=(1, -1)), columns), axis=(1,), keepdims=False),)


roots = General(
    "roots",
    lambda xp, p: through_numpy(numpy.roots, (p,)),
    jvp=lambda t, out, p: negative(divide(horner(t[0], out), _slope(p, out))),
    vjp=_vjp,
)
