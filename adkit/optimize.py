"""The bridge to `scipy.optimize`: `minimize`, `least_squares` and `root` over any pytree, with every derivative exact.

Unknowns are flattened to one float64 vector, and restored in what the user's functions are called with and in the
result. Value and gradient come from one recording; methods that take Hessian products get them.

Not for: stochastic optimisers; products with derivatives as such (`linear_operators`).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy

from . import backends
from .arguments import Arguments
from .dtypes import numpy_dtype
from .errors import InputError, ModeError, UnsupportedError
from .handle import is_traced
from .linear_operators import Flat, hessian_operator, jacobian_operator
from .pytrees import flatten
from .seeds import size_of

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

__adkit__ = True

Function = Callable[..., Any]

WITHOUT_GRADIENT = frozenset({"nelder-mead", "powell", "cobyla", "cobyqa"})
WITH_PRODUCTS = frozenset({"newton-cg", "trust-ncg", "trust-krylov", "trust-constr"})
WITH_MATRIX = frozenset({"dogleg", "trust-exact"})
MANY = 1000  # unknowns beyond which the default method keeps no dense matrix


class Unknowns:
    """A tree of unknowns as one float64 vector, and back; leaves that are no floats stay as they were given."""

    def __init__(self, x0: Any) -> None:
        self._arguments = Arguments((x0,), 0)
        leaves = self._arguments.leaves
        if any(is_traced(leaf) for leaf in leaves):
            raise UnsupportedError(
                "an optimiser's path cannot be differentiated, and its starting point is traced",
                fix="optimise outside of the function that is differentiated, or pass adkit.stop_gradient(x0)",
            )
        if any(numpy_dtype(leaf).kind == "c" for leaf in leaves):
            raise ModeError(
                "an optimiser of scipy works on real unknowns, and some are complex",
                fix="pass real and imaginary parts as unknowns",
            )
        self.flat = Flat(leaves)
        self._kinds = [type(leaf) for leaf in leaves]
        self.start = self.flat.vector(leaves, numpy.float64)

    def tree(self, vector: numpy.ndarray) -> Any:
        """A vector as a tree like the starting point, in its dtypes."""
        return self._arguments.replaced(self._typed(vector))[0]

    def derivative_tree(self, vector: numpy.ndarray) -> Any:
        """A gradient's vector as a tree, with `None` where a leaf is no unknown."""
        return self._arguments.packed(self._typed(vector))

    def vector(self, gradient: Any) -> numpy.ndarray:
        """A tree of gradients as one float64 vector."""
        return self.flat.vector(flatten(gradient)[0], numpy.float64)

    def _typed(self, vector: numpy.ndarray) -> list[Any]:
        leaves = self.flat.leaves(numpy.array(vector, numpy.float64))
        return [float(v) if kind in (float, int) else v for v, kind in zip(leaves, self._kinds, strict=True)]

    def bounds(self, bounds: Any) -> Any:
        """SciPy's bounds: as they are, or made of a tree like x0 with a pair (low, high) in the place of each leaf."""
        from scipy.optimize import Bounds

        structure = self._arguments.structures[0]
        if bounds is None or isinstance(bounds, Bounds) or structure is None:
            return bounds
        if isinstance(bounds, Sequence) and len(bounds) == self.flat.size and all(map(_is_number_pair, bounds)):
            return bounds
        try:
            pairs = structure.flatten_up_to(bounds)
        except (ValueError, TypeError) as error:
            raise InputError(
                "the bounds do not have the structure of the unknowns",
                fix="give a tree like x0 with a pair (low, high) in the place of each leaf, or scipy's Bounds",
            ) from error
        pairs = [pair for i, pair in enumerate(pairs) if i not in self._arguments.skipped[0]]
        low, high = zip(*map(_pair_of, pairs, self.flat.shapes), strict=True)
        return Bounds(numpy.concatenate(low), numpy.concatenate(high))


def _is_number_pair(pair: Any) -> bool:
    return isinstance(pair, (tuple, list)) and len(pair) == 2 and all(numpy.ndim(end) == 0 for end in pair)


def _pair_of(pair: Any, shape: tuple[int, ...]) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The lower and the upper bounds of one leaf; `None` is no bound."""
    low, high = (None, None) if pair is None else pair
    ends = (-numpy.inf if low is None else low, numpy.inf if high is None else high)
    spread = [numpy.broadcast_to(numpy.asarray(end, float), shape).reshape(-1) for end in ends]
    return spread[0], spread[1]


def minimize(
    fun: Function,
    x0: Any,
    args: tuple[Any, ...] = (),
    method: str | None = None,
    *,
    hess: str = "auto",
    bounds: Any = None,
    constraints: Any = (),
    tol: float | None = None,
    callback: Callable[..., Any] | None = None,
    options: dict[str, Any] | None = None,
) -> OptimizeResult:
    """`scipy.optimize.minimize` of a real scalar function of a number, an array or a tree of them.

    Parameters
    ----------
    fun: called as `fun(x, *args)` with a tree like x0.
    x0: the starting point. Float leaves are the unknowns, in float64 for SciPy and in their own dtype for `fun`;
        integer arrays and other things within a container are passed on unchanged.
    method: one of SciPy's. The default is SciPy's own ("BFGS"; "L-BFGS-B" with bounds; "SLSQP" with constraints), but
        "L-BFGS-B" for more than 1000 unknowns, since "BFGS" keeps a dense matrix.
    hess: "auto" gives products with the Hessian to the methods that take them (Newton-CG, trust-ncg, trust-krylov,
        trust-constr), and a dense Hessian to dogleg and trust-exact; "product", "dense" and "sparse" choose.
    bounds: as SciPy takes them, over the flat vector; or a tree like x0 with a pair (low, high) for each leaf.
    constraints: SciPy's `NonlinearConstraint`, `LinearConstraint` (over the flat vector) and dictionaries. Their
        functions take a tree like x0; a derivative that is not given is taken here, also the Hessian of a
        `NonlinearConstraint`.
    callback: as in SciPy, with trees in the place of vectors.

    Returns SciPy's `OptimizeResult`, where `x` and `jac` are trees like x0; anything else, such as `hess_inv`, is over
    the flat vector: the leaves one after the other, each in C order. Errors of `fun` pass through unchanged. Raises
    `InputError` and `ModeError` as `grad` does.

    Example
    -------
    >>> import numpy as np
    >>> found = minimize(lambda p: (p["a"] - 3.0) ** 2 + np.sum((p["b"] - p["a"]) ** 2), {"a": 0.0, "b": np.zeros(2)})
    >>> round(found.x["a"], 6), found.x["b"].round(6), found.success
    (3.0, array([3., 3.]), True)
    >>> rosenbrock = lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    >>> minimize(rosenbrock, np.zeros(4), method="trust-krylov").x.round(6)
    array([1., 1., 1., 1.])
    """
    from scipy import optimize

    unknowns = Unknowns(x0)
    name = method.lower() if isinstance(method, str) else ""
    made = _constraints(unknowns, constraints, name)
    if method is None and bounds is None and not made and unknowns.flat.size > MANY:
        method = "L-BFGS-B"
    given: dict[str, Any] = {"method": method, "bounds": unknowns.bounds(bounds), "constraints": made}
    if name in WITHOUT_GRADIENT:
        given["fun"] = functools.partial(_value, fun, unknowns, args)
    else:
        given["fun"] = functools.partial(_value_and_gradient, fun, unknowns, args)
        given["jac"] = True
        given |= _second_order(fun, unknowns, args, name, hess)
    callback = _callback(unknowns, callback)
    found = optimize.minimize(x0=unknowns.start, tol=tol, callback=callback, options=options, **given)
    return _restored(unknowns, found)


def _value(fun: Function, unknowns: Unknowns, args: tuple[Any, ...], vector: numpy.ndarray) -> float:
    return _number(fun(unknowns.tree(vector), *args))


def _value_and_gradient(
    fun: Function, unknowns: Unknowns, args: tuple[Any, ...], vector: numpy.ndarray
) -> tuple[float, numpy.ndarray]:
    from .transforms import value_and_grad

    value, gradient = value_and_grad(fun, mode="reverse")(unknowns.tree(vector), *args)
    return _number(value), unknowns.vector(gradient)


def _number(value: Any) -> float:
    return float(backends.to_numpy(value))


def _second_order(fun: Function, unknowns: Unknowns, args: tuple[Any, ...], method: str, hess: str) -> dict[str, Any]:
    """What SciPy is given as `hess` or `hessp`."""
    if hess not in ("auto", "product", "dense", "sparse"):
        raise ModeError(f"hess={hess!r} is not known", fix="use 'auto', 'product', 'dense' or 'sparse'")
    if method not in WITH_PRODUCTS | WITH_MATRIX:
        if hess != "auto":
            raise ModeError(
                f"method={method or None!r} takes no Hessian", fix="use method='Newton-CG', 'trust-krylov', …"
            )
        return {}
    if hess == "auto":
        hess = "dense" if method in WITH_MATRIX else "product"
    if (hess == "product" and method in WITH_MATRIX) or (hess == "sparse" and method != "trust-constr"):
        raise ModeError(f"method={method!r} cannot use a Hessian of the kind {hess!r}", fix="leave hess='auto'")
    if hess == "product":
        products = _Products(fun, unknowns, args)
        return {"hess": products.operator} if method == "trust-constr" else {"hessp": products}
    matrix = _flat_matrix(unknowns, fun, "hessian", hess)
    return {"hess": lambda vector: matrix(vector, *args)}


class _Products:
    """`hessp(x, v)`: the gradient is recorded when x changes, and swept for each v."""

    def __init__(self, fun: Function, unknowns: Unknowns, args: tuple[Any, ...]) -> None:
        self._fun, self._unknowns, self._args = fun, unknowns, args
        self._at: numpy.ndarray | None = None
        self._operator: Any = None

    def operator(self, vector: numpy.ndarray) -> Any:
        """The Hessian at a point."""
        if self._at is None or not numpy.array_equal(self._at, vector):
            point = self._unknowns.tree(vector)
            self._operator = hessian_operator(lambda x: self._fun(x, *self._args), point)
            self._at = vector.copy()
        return self._operator

    def __call__(self, vector: numpy.ndarray, v: numpy.ndarray, *args: Any) -> numpy.ndarray:
        return numpy.asarray(self.operator(vector).matvec(v), numpy.float64)


def _flat_matrix(unknowns: Unknowns, f: Function, of: str, kind: str) -> Function:
    """The Jacobian or Hessian of f over flat vectors, dense or sparse, as a function of the vector."""
    from .sparse.plan import SparsePlan

    if kind == "sparse":
        plan = SparsePlan(f, 0, of, "auto", "replan")
        return lambda vector, *args: plan(unknowns.tree(vector), *args)

    def dense(vector: numpy.ndarray, *args: Any) -> numpy.ndarray:
        point = unknowns.tree(vector)
        if of == "hessian":
            operator = hessian_operator(lambda x: f(x, *args), point)
            made = numpy.asarray(operator.matmat(numpy.eye(operator.shape[1])), numpy.float64)
            return (made + made.T) / 2
        operator = jacobian_operator(lambda x: f(x, *args), point)
        m, n = operator.shape
        return operator.matmat(numpy.eye(n)) if n < m else operator.rmatmat(numpy.eye(m)).T

    return dense


# ------------------------------------------------------------------------------------------------ constraints


def _constraints(unknowns: Unknowns, constraints: Any, method: str) -> list[Any]:
    """SciPy's constraints, with functions of vectors and their derivatives; of second order for trust-constr alone."""
    from scipy.optimize import LinearConstraint, NonlinearConstraint

    several = constraints if isinstance(constraints, (list, tuple)) else [constraints]
    made: list[Any] = []
    for constraint in several:
        if isinstance(constraint, LinearConstraint):
            made.append(constraint)
        elif isinstance(constraint, NonlinearConstraint):
            made.append(_nonlinear(unknowns, constraint, method))
        elif isinstance(constraint, dict) and callable(constraint.get("fun")):
            if method == "trust-constr":
                made.append(_nonlinear(unknowns, _from_dictionary(constraint), method))
            else:
                made.append(_dictionary(unknowns, constraint))
        else:
            raise InputError(
                f"a constraint is of the type {type(constraint).__name__}",
                fix="pass scipy.optimize.NonlinearConstraint(f, low, high), LinearConstraint, or "
                "{'type': 'eq' or 'ineq', 'fun': f}",
            )
    return made


def _nonlinear(unknowns: Unknowns, constraint: Any, method: str) -> Any:
    from scipy.optimize import NonlinearConstraint
    from scipy.sparse.linalg import LinearOperator

    f = constraint.fun
    jacobian = constraint.jac
    if not callable(jacobian):
        jacobian = _flat_matrix(unknowns, f, "jacobian", "sparse" if jacobian == "sparse" else "dense")
    else:
        jacobian = _of_tree(unknowns, jacobian)

    def hessian(vector: numpy.ndarray, multipliers: numpy.ndarray) -> LinearOperator:
        return _multiplied_hessian(unknowns, f, vector, multipliers)

    chosen = _of_tree(unknowns, constraint.hess) if callable(constraint.hess) else hessian
    second = {"hess": chosen} if method == "trust-constr" else {}
    return NonlinearConstraint(
        lambda vector: _vector_of(f(unknowns.tree(vector))),
        constraint.lb,
        constraint.ub,
        jac=jacobian,
        keep_feasible=constraint.keep_feasible,
        **second,
    )


def _multiplied_hessian(unknowns: Unknowns, f: Function, vector: numpy.ndarray, multipliers: numpy.ndarray) -> Any:
    """Σ multipliers · Hessians of a constraint's components, as an operator; of a linear constraint it is zero."""
    from scipy.sparse.linalg import LinearOperator

    from .errors import IndependentError
    from .numpy.joining import concatenate
    from .numpy.shaping import ravel

    def weighted(x: Any) -> Any:
        return (concatenate([ravel(leaf) for leaf in flatten(f(x))[0]]) * multipliers).sum()

    n = unknowns.flat.size
    try:
        return hessian_operator(weighted, unknowns.tree(vector))
    except IndependentError:
        return LinearOperator((n, n), matvec=lambda v: numpy.zeros(n), dtype=numpy.float64)


def _from_dictionary(constraint: dict[str, Any]) -> Any:
    """A constraint in SciPy's older form in its newer one."""
    from scipy.optimize import NonlinearConstraint

    f, args = constraint["fun"], tuple(constraint.get("args", ()))
    jacobian = constraint.get("jac")
    high = 0.0 if str(constraint.get("type")).lower() == "eq" else numpy.inf
    given = (lambda x: jacobian(x, *args)) if callable(jacobian) else "2-point"
    return NonlinearConstraint(lambda x: f(x, *args), 0.0, high, jac=given)


def _dictionary(unknowns: Unknowns, constraint: dict[str, Any]) -> dict[str, Any]:
    f = constraint["fun"]
    jacobian = constraint.get("jac")
    made = dict(constraint)
    made["fun"] = lambda vector, *args: _vector_of(f(unknowns.tree(vector), *args))
    made["jac"] = _of_tree(unknowns, jacobian) if callable(jacobian) else _flat_matrix(unknowns, f, "jacobian", "dense")
    return made


def _of_tree(unknowns: Unknowns, function: Function) -> Function:
    """A function of trees as one of vectors."""
    return lambda vector, *args: function(unknowns.tree(vector), *args)


def _vector_of(result: Any) -> numpy.ndarray:
    leaves = flatten(result)[0]
    return numpy.concatenate([numpy.reshape(backends.to_numpy(leaf), -1) for leaf in leaves]).astype(numpy.float64)


# ------------------------------------------------------------------------------------------------ callback and result


def _callback(unknowns: Unknowns, callback: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """A callback that is given trees, with the signature by which SciPy chooses what to pass."""
    if callback is None:
        return None
    try:
        names = list(inspect.signature(callback).parameters)
    except (TypeError, ValueError):
        names = []
    if names == ["intermediate_result"]:

        def with_result(intermediate_result: Any) -> Any:
            return callback(intermediate_result=_restored(unknowns, intermediate_result.copy()))

        return with_result

    def with_vector(x: numpy.ndarray, *rest: Any) -> Any:
        return callback(unknowns.tree(x), *rest)

    return with_vector


def _restored(unknowns: Unknowns, found: Any) -> Any:
    """A result with trees in the place of vectors."""
    from scipy.optimize import OptimizeResult

    found = OptimizeResult(found)
    found["x"] = unknowns.tree(found["x"])
    gradient = found.get("jac")
    if isinstance(gradient, numpy.ndarray) and gradient.shape == (unknowns.flat.size,):
        found["jac"] = unknowns.derivative_tree(gradient)
    return found


# ------------------------------------------------------------------------------------------------ systems of equations


def least_squares(
    residual: Function,
    x0: Any,
    args: tuple[Any, ...] = (),
    *,
    jac: str = "auto",
    bounds: Any = None,
    method: str = "trf",
    **options: Any,
) -> OptimizeResult:
    """`scipy.optimize.least_squares` of a function of a tree that returns an array or a tree, with its exact Jacobian.

    Parameters
    ----------
    residual: called as `residual(x, *args)` with a tree like x0.
    jac: "dense", "sparse" (a plan that is reused from step to step) or "operator" (products only; not for "lm"); "auto"
        is "dense" up to 1000 unknowns and "sparse" beyond that, but always "dense" for "lm".
    bounds: SciPy's pair over the flat vector or `Bounds`, or a tree like x0 with a pair (low, high) for each leaf.
    options: passed on to SciPy (`ftol`, `loss`, `x_scale`, …).

    Returns SciPy's result, where `x` and `grad` are trees like x0, and `fun` and `jac` are over flat vectors.

    Example
    -------
    >>> import numpy as np
    >>> t = np.linspace(0, 1, 20)
    >>> data = 2.0 * np.exp(-3.0 * t)
    >>> found = least_squares(lambda p: p["size"] * np.exp(-p["rate"] * t) - data, {"size": 1.0, "rate": 1.0})
    >>> round(found.x["size"], 8), round(found.x["rate"], 8)
    (2.0, 3.0)
    """
    from scipy import optimize

    unknowns = Unknowns(x0)
    if jac == "auto":
        jac = "sparse" if unknowns.flat.size > MANY and method != "lm" else "dense"
    if jac not in ("dense", "sparse", "operator"):
        raise ModeError(f"jac={jac!r} is not known", fix="use 'auto', 'dense', 'sparse' or 'operator'")
    if jac == "operator":

        def derivative(vector: numpy.ndarray) -> Any:
            return jacobian_operator(lambda x: residual(x, *args), unknowns.tree(vector))
    else:
        matrix = _flat_matrix(unknowns, residual, "jacobian", jac)

        def derivative(vector: numpy.ndarray) -> Any:
            return matrix(vector, *args)

    limits = _pair_of_bounds(unknowns, bounds)
    found = optimize.least_squares(
        lambda vector: _vector_of(residual(unknowns.tree(vector), *args)),
        unknowns.start,
        jac=derivative,
        bounds=limits,
        method=method,
        **options,
    )
    found["x"] = unknowns.tree(found["x"])
    found["grad"] = unknowns.derivative_tree(found["grad"])
    return found


def _pair_of_bounds(unknowns: Unknowns, bounds: Any) -> Any:
    if bounds is None:
        return (-numpy.inf, numpy.inf)
    if isinstance(bounds, tuple) and len(bounds) == 2 and all(_fits(unknowns, end) for end in bounds):
        return bounds
    return unknowns.bounds(bounds)


def _fits(unknowns: Unknowns, end: Any) -> bool:
    """Whether one end of bounds is a number or a vector over all unknowns."""
    try:
        return size_of(numpy.asarray(end, float)) in (1, unknowns.flat.size)
    except (TypeError, ValueError):
        return False


def root(
    f: Function,
    x0: Any,
    args: tuple[Any, ...] = (),
    method: str = "hybr",
    *,
    tol: float | None = None,
    options: dict[str, Any] | None = None,
) -> OptimizeResult:
    """`scipy.optimize.root`: where a function of a tree, with as many results as unknowns, is zero.

    "hybr" and "lm" are given the exact dense Jacobian; the other methods of SciPy take none. The result's `x` is a tree
    like x0; all else is over flat vectors.

    Example
    -------
    >>> import numpy as np
    >>> found = root(lambda p: {"a": p["a"] ** 2 - p["b"], "b": p["b"] - 4.0}, {"a": 1.0, "b": 1.0})
    >>> round(found.x["a"], 9), round(found.x["b"], 9)
    (2.0, 4.0)
    """
    from scipy import optimize

    unknowns = Unknowns(x0)
    matrix = _flat_matrix(unknowns, f, "jacobian", "dense") if method in ("hybr", "lm") else None
    found = optimize.root(
        lambda vector: _vector_of(f(unknowns.tree(vector), *args)),
        unknowns.start,
        method=method,
        jac=None if matrix is None else lambda vector: matrix(vector, *args),
        tol=tol,
        options=options,
    )
    found["x"] = unknowns.tree(found["x"])
    return found
