"""Derivatives as `scipy.sparse.linalg.LinearOperator`: products with the Jacobian, the Hessian and the Gauss-Newton
matrix, without forming any of them.

The function is recorded once, at the point; every product is one sweep over the recording. Arguments and results of a
product are flat vectors: the leaves of a tree one after the other, each in C order; `Flat` converts.

Not for: explicit matrices (`transforms.jacobian`, `sparse`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy

from . import backends, constants
from .arguments import Arguments
from .dtypes import numpy_dtype
from .errors import InputError, ModeError, UnsupportedError
from .handle import is_traced
from .linearization import Function, Linearization, independent, record
from .nodes import state
from .seeds import size_of, total_size

if TYPE_CHECKING:
    from scipy.sparse.linalg import LinearOperator

__adkit__ = True


class Flat:
    """Leaves as one vector and back.

    Example
    -------
    >>> flat = Flat([numpy.ones((2, 2)), 3.0])
    >>> flat.vector([numpy.ones((2, 2)), 3.0])
    array([1., 1., 1., 1., 3.])
    >>> flat.leaves(numpy.arange(5.0))
    [array([[0., 1.],
           [2., 3.]]), np.float64(4.0)]
    """

    def __init__(self, leaves: Sequence[Any]) -> None:
        self._like = [_example(leaf) for leaf in leaves]
        self.shapes = [tuple(getattr(leaf, "shape", ())) for leaf in leaves]
        self.dtypes = [dtype if dtype.kind == "f" else numpy.dtype(float) for dtype in map(numpy_dtype, leaves)]
        self.size = total_size(leaves)
        self.dtype = numpy.result_type(*self.dtypes) if leaves else numpy.dtype(float)
        self._ends = numpy.cumsum([size_of(leaf) for leaf in leaves])[:-1]

    def vector(self, leaves: Sequence[Any], dtype: Any = None) -> numpy.ndarray:
        """The leaves one after the other, as a new C-contiguous array."""
        parts = [numpy.reshape(backends.to_numpy(leaf), -1) for leaf in leaves]
        made = numpy.concatenate(parts) if parts else numpy.empty(0)
        return numpy.asarray(made, self.dtype if dtype is None else dtype)

    def leaves(self, vector: numpy.ndarray) -> list[Any]:
        """The parts of a vector in the shapes and dtypes of the leaves, each an array or scalar of its own."""
        made = []
        for part, shape, dtype, like in zip(
            numpy.split(vector, self._ends), self.shapes, self.dtypes, self._like, strict=True
        ):
            leaf = numpy.array(part, dtype).reshape(shape)[()]
            made.append(leaf if like is None else backends.asarray_like(leaf, like))
        return made


def _example(leaf: Any) -> Any:
    """An array of another library, which says where leaves belong; `None` for NumPy's."""
    return leaf if backends.backend_of(leaf) is not None else None


def jacobian_operator(f: Function, x: Any) -> LinearOperator:
    """The Jacobian of f at x as a linear operator: `A @ v` is a forward sweep, `A.T @ u` a reverse one.

    Parameters
    ----------
    f: a function of one number, array or tree of them, that returns such.
    x: the point. Its leaves, and those of f(x), make up the flat vectors that products take and return.

    The operator has shape (outputs, inputs) and the attributes `value`, f(x) as f returned it; `domain` and `codomain`,
    which convert between vectors and leaves (`Flat`); and `vectors`, how many products have been taken. Raises
    `IndependentError` where f(x) does not depend on x, and `ModeError` for complex values.

    Example
    -------
    >>> import numpy as np
    >>> from scipy.sparse.linalg import lsmr
    >>> A = jacobian_operator(lambda x: np.array([[2.0, 0.0], [0.0, 4.0], [0.0, 0.0]]) @ np.sin(x), np.zeros(2))
    >>> A.shape, A @ np.ones(2), A.T @ np.ones(3)
    ((3, 2), array([2., 4., 0.]), array([2., 4.]))
    >>> lsmr(A, np.array([2.0, 8.0, 1.0]))[0].round(12)
    array([1., 2.])
    """
    lin, arguments = _recorded(f, x, "jacobian_operator")
    domain, codomain = Flat(lin.leaves), Flat(lin.outputs)
    plan = lin.plan()

    def matvec(v: numpy.ndarray) -> numpy.ndarray:
        with constants.SCOPE:
            return codomain.vector(lin.push(domain.leaves(_real(v)), plan))

    def rmatvec(u: numpy.ndarray) -> numpy.ndarray:
        with constants.SCOPE:
            return domain.vector(lin.pull(codomain.leaves(_real(u))))

    return _operator((codomain.size, domain.size), matvec, rmatvec, lin.value(), domain, codomain)


def hessian_operator(f: Function, x: Any) -> LinearOperator:
    """The Hessian of a real scalar function at x as a symmetric linear operator.

    The gradient is recorded once; each product is one forward sweep over it. Besides what `jacobian_operator` has, the
    operator has the attribute `gradient`, a tree like x.

    Example
    -------
    >>> import numpy as np
    >>> from scipy.sparse.linalg import cg
    >>> H = hessian_operator(lambda x: np.sum(x**4) + x[0] * x[1], np.array([1.0, 2.0]))
    >>> H @ np.array([1.0, 0.0])
    array([12.,  1.])
    >>> step, info = cg(H, H @ np.array([1.0, 2.0]), rtol=1e-12)
    >>> step.round(8), info
    (array([1., 2.]), 0)
    """
    from .transforms import value_and_grad

    def gradient_and_value(x: Any) -> Any:
        value, gradient = value_and_grad(f, mode="reverse")(x)
        return gradient, value

    lin, arguments = _recorded(gradient_and_value, x, "hessian_operator", has_aux=True)
    domain = Flat(lin.leaves)
    plan = lin.plan()

    def matvec(v: numpy.ndarray) -> numpy.ndarray:
        with constants.SCOPE:
            return domain.vector(lin.push(domain.leaves(_real(v)), plan))

    with constants.SCOPE:
        value = lin.release_tree(lin.aux)
    made = _operator((domain.size, domain.size), matvec, matvec, value, domain, domain)
    made.gradient = arguments.packed([lin.release(leaf) for leaf in lin.outputs])
    return made


def gauss_newton_operator(residual: Function, x: Any, loss: Function | None = None) -> LinearOperator:
    """The Gauss-Newton matrix Jᵀ G J of loss(residual(x)) as a symmetric linear operator.

    J is the Jacobian of `residual` at x, and G the Hessian of `loss` at residual(x): the identity for the default loss,
    half the sum of squares. For a convex loss the matrix is positive semi-definite, so `cg` applies. Each product is
    one forward and one reverse sweep (and one product with G).

    Source: N. Schraudolph, "Fast curvature matrix-vector products for second-order gradient descent" (2002).

    Example
    -------
    >>> import numpy as np
    >>> from scipy.sparse.linalg import cg
    >>> r = lambda x: np.array([x[0] ** 2 - 4.0, x[0] * x[1] - 6.0])
    >>> G = gauss_newton_operator(r, np.array([1.0, 1.0]))
    >>> G @ np.array([1.0, 0.0])
    array([5., 1.])
    >>> step, info = cg(G, -(G.jacobian.T @ G.value), rtol=1e-12)
    >>> step.round(8)
    array([1.5, 3.5])
    """
    jacobian = jacobian_operator(residual, x)
    inner = None if loss is None else hessian_operator(loss, jacobian.value)

    def matvec(v: numpy.ndarray) -> numpy.ndarray:
        pushed = jacobian.matvec(_real(v))
        return jacobian.rmatvec(pushed if inner is None else inner.matvec(pushed))

    size = jacobian.domain.size
    made = _operator((size, size), matvec, matvec, jacobian.value, jacobian.domain, jacobian.domain)
    made.jacobian = jacobian
    return made


# ------------------------------------------------------------------------------------------------ parts


def _recorded(f: Function, x: Any, what: str, has_aux: bool = False) -> tuple[Linearization, Arguments]:
    with constants.SCOPE:
        state.cut = None
        arguments = Arguments((x,), 0)
        if any(is_traced(leaf) for leaf in arguments.leaves):
            raise UnsupportedError(
                f"{what} computes with plain vectors, and its point is traced",
                fix="use jvp, vjp or hvp inside a function that is differentiated",
            )
        lin = record(f, arguments.leaves, lambda handles: f(*arguments.replaced(handles)), has_aux)
        if not lin.reaches():
            raise independent(lin.outputs)
        if lin.enclosed:
            raise UnsupportedError(
                f"{what} computes with plain vectors, and its function depends on traced values",
                fix="use jvp, vjp or hvp inside a function that is differentiated",
            )
        if any(numpy_dtype(leaf).kind == "c" for leaf in (*lin.leaves, *lin.outputs)):
            raise ModeError(
                f"{what} needs real inputs and outputs, and some are complex",
                fix="take real and imaginary parts as inputs and outputs",
            )
        return lin.outlive(), arguments


def _real(v: Any) -> numpy.ndarray:
    """A vector that a sweep takes."""
    v = numpy.asarray(v)
    if v.dtype.kind == "c":
        raise InputError(
            "a derivative operator of real functions takes real vectors", fix="apply it to .real and .imag"
        )
    return v.reshape(-1)


def _operator(
    shape: tuple[int, int],
    matvec: Callable[[numpy.ndarray], numpy.ndarray],
    rmatvec: Callable[[numpy.ndarray], numpy.ndarray],
    value: Any,
    domain: Flat,
    codomain: Flat,
) -> Any:
    """A `LinearOperator` that knows its value and counts its products."""
    from scipy.sparse.linalg import LinearOperator

    class DerivativeOperator(LinearOperator):
        """Products with a derivative, by sweeps."""

        def __init__(self) -> None:
            super().__init__(numpy.result_type(domain.dtype, codomain.dtype), shape)
            self.value, self.domain, self.codomain, self.vectors = value, domain, codomain, 0

        def _matvec(self, v: numpy.ndarray) -> numpy.ndarray:
            self.vectors += 1
            return matvec(v)

        def _rmatvec(self, u: numpy.ndarray) -> numpy.ndarray:
            self.vectors += 1
            return rmatvec(u)

        def _matmat(self, v: numpy.ndarray) -> numpy.ndarray:
            columns = [self._matvec(column) for column in v.T]
            return numpy.stack(columns, axis=1) if columns else numpy.empty((shape[0], 0), self.dtype)

        def _rmatmat(self, u: numpy.ndarray) -> numpy.ndarray:
            columns = [self._rmatvec(column) for column in u.T]
            return numpy.stack(columns, axis=1) if columns else numpy.empty((shape[1], 0), self.dtype)

    return DerivativeOperator()
