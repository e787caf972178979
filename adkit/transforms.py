"""The transformations: `grad`, `value_and_grad`, `jvp`, `vjp`, `linearize`, `jacobian`, `hessian`, `hvp`, `derivative`,
`taylor`.

Each records the function once (`record`) and sweeps over the recording. They nest in any way: inside an enclosing
recording the sweeps are recorded too. Not for: rules, or the display of a recording (`trace`).
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy

from . import backends, constants
from .arguments import Arguments, in_tuple, matching, same_length, shaped
from .dtypes import numpy_dtype
from .errors import ModeError, UnsupportedError
from .handle import TracedArray, is_traced
from .linearization import Function, Linearization, independent, raise_explained, record
from .nodes import state
from .numpy.creation import zeros_of
from .primitives.shape import shape_of
from .pytrees import as_input_type, flatten, holds_traced, lift, promoted, unflatten
from .seeds import basis, seed_of, total_size
from .settings import settings, watch
from .sweeps.forward import ForwardPlan
from .sweeps.reverse import reverse_sweep
from .tracing import make_input

__adkit__ = True


def _record_call(f: Function, arguments: Arguments, kwargs: dict[str, Any], has_aux: bool = False) -> Linearization:
    return record(f, arguments.leaves, lambda handles: f(*arguments.replaced(handles), **kwargs), has_aux)


def _mode(mode: str, inputs: int, outputs: int) -> str:
    """The mode to use: as asked for, as set, or forward where there are fewer scalar inputs than outputs."""
    if mode == "auto":
        mode = settings.current().mode
    if mode not in ("auto", "forward", "reverse"):
        raise ModeError(
            f"mode={mode!r} is not known",
            fix="use 'auto', 'forward' or 'reverse' (for jacobian and hessian also 'sparse')",
        )
    if mode != "auto":
        return mode
    return "forward" if inputs < outputs else "reverse"


# ------------------------------------------------------------------------------------------------ gradients


def _scalar_output(lin: Linearization) -> Any:
    """The one real scalar that a gradient needs, or the error that says what came instead."""
    if len(lin.outputs) != 1:
        raise ModeError(
            f"grad needs one scalar output, and the function returned {len(lin.outputs)} values",
            fix="return one number, or use jacobian",
        )
    out = lin.outputs[0]
    if not is_traced(out) or not lin.reaches():
        raise independent(out)
    if out.shape != ():
        raise ModeError(
            f"grad needs a scalar output, and the function returned shape {out.shape}", fix="sum it, or use jacobian"
        )
    if out.dtype.kind == "c":
        raise ModeError(
            "grad needs a real output, and the function returned a complex one",
            fix="take its real part or abs, or use vjp",
        )
    return out


def value_and_grad(
    f: Function, argnums: int | Sequence[int] = 0, *, mode: str = "auto", has_aux: bool = False
) -> Function:
    """A function that returns `(f(*args), gradient)`, both from one evaluation; see `grad`.

    With `has_aux` it returns `((value, aux), gradient)`.

    Example
    -------
    >>> import numpy as np
    >>> value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))
    """

    @functools.wraps(f)
    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        with constants.SCOPE:
            return _value_and_gradient(f, argnums, mode, has_aux, args, kwargs)

    return value_and_gradient


def _value_and_gradient(
    f: Function, argnums: int | Sequence[int], mode: str, has_aux: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, Any]:
    state.cut = None
    chosen = _mode(mode, 1, 1)
    if type(argnums) is int and 0 <= argnums < len(args) and type(args[argnums]) in _BARE_TYPES and not has_aux:
        lin = _record_bare(f, args, argnums, kwargs)
        out = lin.outputs[0] if len(lin.outputs) == 1 else None
        if chosen == "reverse" and type(out) is TracedArray and type(out.value) in _REAL_SCALARS and not watch.asked:
            order = lin.order()
            if order and order[0] is lin.inputs[0] and not lin._enclosed:
                (swept,) = reverse_sweep([(out.node, _ONE)], lin.inputs, order)
                if type(swept) is numpy.float64 and type(lin.leaves[0]) is float:
                    return out.value, float(swept)
                if swept is not None:
                    return out.value, steepest(as_input_type(swept, lin.leaves[0]))
        return lin.release(_scalar_output(lin)), _gradient_leaves(lin, lin.outputs[0], chosen)[0]
    arguments = Arguments(args, argnums)
    lin = _record_call(f, arguments, kwargs, has_aux)
    out = _scalar_output(lin)
    leaves = _gradient_leaves(lin, out, chosen)
    value = lin.release(out)
    return (value, lin.release_tree(lin.aux)) if has_aux else value, arguments.packed(leaves)


_BARE_TYPES = frozenset({float, numpy.float64, numpy.ndarray})
_REAL_SCALARS = frozenset({float, numpy.float64})
_ONE = numpy.float64(1.0)


def _record_bare(f: Function, args: tuple[Any, ...], argnum: int, kwargs: dict[str, Any]) -> Linearization:
    """`record` for one bare number or array, without the machinery for trees."""
    leaf = args[argnum]
    if type(leaf) is numpy.ndarray or watch.asked or settings.current().device != "cpu":
        leaf = promoted(leaf, f"argument {argnum}")
        return record(f, [leaf], lambda handles: f(*args[:argnum], handles[0], *args[argnum + 1 :], **kwargs))
    handle = make_input(leaf)
    try:
        result = f(*args[:argnum], handle, *args[argnum + 1 :], **kwargs) if len(args) > 1 or kwargs else f(handle)
    except Exception as error:
        raise_explained(error)
    return Linearization(handle.node.id, [leaf], [handle.node], result)


def _gradient_leaves(lin: Linearization, out: TracedArray, mode: str) -> list[Any]:
    if mode == "forward":
        pulled = [as_input_type(leaf, given) for leaf, given in zip(_forward_gradient(lin), lin.leaves, strict=True)]
    else:
        pulled = lin.pull([seed_of(out)])
    return [steepest(g) for g in pulled]


def steepest(g: Any) -> Any:
    """The direction of steepest ascent: the conjugate of the pulled-back 1, for complex inputs."""
    if isinstance(g, (float, numpy.floating)) or (type(g) is numpy.ndarray and g.dtype.kind == "f"):
        return g
    if numpy_dtype(g).kind != "c":
        return g
    if isinstance(g, TracedArray):
        from .primitives.shape import conjugate

        return conjugate(g)
    return g.conjugate() if hasattr(g, "conjugate") else backends.namespace_of((g,)).conj(g)


def _forward_gradient(lin: Linearization) -> list[Any]:
    """The pulled-back 1 of a real scalar output, assembled from one forward sweep per input element."""
    plan = lin.plan()
    gradients = []
    for i, leaf in enumerate(lin.leaves):
        parts = []
        for unit in basis(leaf):
            along = _one_tangent(lin, plan, i, unit)
            if numpy_dtype(leaf).kind == "c":
                # Re(v̄·t) for t = 1 and t = 1j are Re v̄ and −Im v̄
                along = along - 1j * _one_tangent(lin, plan, i, unit * 1j)
            parts.append(along)
        gradients.append(_assembled(parts, leaf))
    return gradients


def _one_tangent(lin: Linearization, plan: ForwardPlan, i: int, unit: Any) -> Any:
    return lin.push([unit if j == i else None for j in range(len(lin.inputs))], plan)[0]


def _assembled(parts: list[Any], leaf: Any) -> Any:
    shape = tuple(getattr(leaf, "shape", ()))
    if not shape:
        return parts[0]
    from .numpy.joining import stack
    from .numpy.shaping import reshape

    if not parts:
        return zeros_of(shape, like=leaf)
    return reshape(stack(parts), shape)


def grad(f: Function, argnums: int | Sequence[int] = 0, *, mode: str = "auto", has_aux: bool = False) -> Function:
    """A function that returns the gradient of a real scalar function.

    Parameters
    ----------
    f: any Python function of numbers, arrays and trees of them, that returns one real scalar.
    argnums: the positional argument(s) to differentiate; a tuple gives a tuple of gradients.
    mode: "reverse", "forward", or "auto".
    has_aux: f returns `(output, aux)`; the result is then `(gradient, aux)`.

    Returns gradients with the container, shape and dtype of their argument; for complex arguments the direction of
    steepest ascent. Raises `InputError` for integer arrays, `ModeError` for an output that is no real scalar, and
    `IndependentError` if the output does not depend on the argument.

    Example
    -------
    >>> import numpy as np
    >>> grad(lambda x: np.sin(x) * x)(0.0)
    0.0
    >>> grad(lambda p: p["a"] * p["b"] ** 2)({"a": 2.0, "b": 3.0})
    {'a': 9.0, 'b': 12.0}
    """

    @functools.wraps(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        with constants.SCOPE:
            value, leaves = _value_and_gradient(f, argnums, mode, has_aux, args, kwargs)
        return (leaves, value[1]) if has_aux else leaves

    return gradient


# ------------------------------------------------------------------------------------------------ products


def _all_arguments(f: Function, primals: Sequence[Any]) -> Arguments:
    return Arguments(tuple(primals), tuple(range(len(primals))))


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """`(f(*primals), directional derivative along tangents)`, by the forward sweep.

    `tangents` mirrors `primals` in structure and shapes.

    Example
    -------
    >>> import numpy as np
    >>> jvp(np.sin, (0.0,), (2.0,))
    (np.float64(0.0), np.float64(2.0))
    """
    with constants.SCOPE:
        arguments = _all_arguments(f, in_tuple(primals, "primal"))
        lin = _record_call(f, arguments, {})
        out = unflatten(lin.structure, lin.push(matching(in_tuple(tangents, "tangent"), arguments, "tangent")))
        return lin.value(), out


def linearize(f: Function, *primals: Any, **kwargs: Any) -> tuple[Any, Function]:
    """`(f(*primals), f_jvp)`, where `f_jvp(*tangents)` is the derivative at the primals, for any number of directions.

    Keyword arguments are passed to f as they are.

    Example
    -------
    >>> value, f_jvp = linearize(lambda x: x**3, 2.0)
    >>> float(f_jvp(1.0)), float(f_jvp(0.5))
    (12.0, 6.0)
    """
    with constants.SCOPE:
        arguments = _all_arguments(f, primals)
        lin = _record_call(f, arguments, kwargs).outlive()
    plan = lin.plan()

    def f_jvp(*tangents: Any) -> Any:
        with constants.SCOPE:
            return unflatten(lin.structure, lin.push(matching(tangents, arguments, "tangent"), plan))

    return lin.value(), f_jvp


def vjp(f: Function, *primals: Any, **kwargs: Any) -> tuple[Any, Function]:
    """`(f(*primals), pullback)`, where `pullback(cotangent)` returns one cotangent per primal, in a tuple.

    The pullback is the plain transpose of the derivative, without conjugation, and may be called any number of times.
    Keyword arguments are passed to f as they are.

    Example
    -------
    >>> import numpy as np
    >>> value, pullback = vjp(lambda x, y: x * y, 2.0, 3.0)
    >>> pullback(1.0)
    (3.0, 2.0)
    """
    with constants.SCOPE:
        arguments = _all_arguments(f, primals)
        lin = _record_call(f, arguments, kwargs).outlive()

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        with constants.SCOPE:
            leaves = same_length(flatten(cotangent)[0], lin.outputs, "cotangent")
            given = [shaped(g, leaf, "cotangent") for g, leaf in zip(leaves, lin.outputs, strict=True)]
            return arguments.packed(lin.pull(given))

    return lin.value(), pullback


def hvp(f: Function, x: Any, v: Any) -> Any:
    """The Hessian of a scalar function at x times v (a tree like x), forward over reverse, without forming the Hessian.

    Example
    -------
    >>> import numpy as np
    >>> hvp(lambda x: np.sum(x**3), np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([6., 0.])
    """
    with constants.SCOPE:
        arguments = Arguments((x,), 0)
        lin = record(f, arguments.leaves, lambda handles: grad(f)(*arguments.replaced(handles)))
        pushed = lin.push(matching((v,), arguments, "tangent"))
        return arguments.packed([as_input_type(t, leaf) for t, leaf in zip(pushed, arguments.leaves, strict=True)])


def stop_gradient(x: Any) -> Any:
    """The value of x (a tree) as a constant: no derivative passes.

    Example
    -------
    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    3.0
    """
    leaves, structure = flatten(x)
    return unflatten(structure, [_stopped(leaf) for leaf in leaves])


def _stopped(leaf: Any) -> Any:
    leaf = lift(leaf)
    if is_traced(leaf):
        from .primitives.shape import stop_gradient as row

        return row(leaf)
    if holds_traced(leaf):
        message = f"stop_gradient does not look into a {type(leaf).__name__}, which holds traced values"
        raise UnsupportedError(message, fix="pass the values themselves, or register the class with optree")
    return leaf


# ------------------------------------------------------------------------------------------------ matrices


def jacobian(f: Function, argnums: int | Sequence[int] = 0, *, mode: str = "auto") -> Function:
    """A function that returns the Jacobian: for each output leaf the derivative by each input leaf, of shape output +
    input.

    Mode "auto" takes forward sweeps where there are fewer inputs than outputs. Mode "sparse" returns one
    `scipy.sparse.csr_array` over flat inputs and outputs instead, from few sweeps: see `sparse_plan`, which it calls at
    the first point and again where the function runs another program.

    Example
    -------
    >>> import numpy as np
    >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    if mode == "sparse":
        from .sparse.plan import evaluator

        return evaluator(f, argnums, "jacobian")

    @functools.wraps(f)
    def jacobian_of_f(*args: Any, **kwargs: Any) -> Any:
        with constants.SCOPE:
            state.cut = None
            arguments = Arguments(args, argnums)
            lin = _record_call(f, arguments, kwargs)
            if not lin.reaches():
                raise independent(lin.outputs)
            chosen = _mode(mode, total_size(lin.leaves), total_size(lin.outputs))
            blocks = _blocks_forward(lin) if chosen == "forward" else _blocks_reverse(lin)
            return unflatten(lin.structure, [arguments.packed(row) for row in blocks])

    return jacobian_of_f


def _blocks_forward(lin: Linearization) -> list[list[Any]]:
    """Per output leaf and input leaf the block of the Jacobian, one forward sweep per input element."""
    plan = lin.plan()
    columns: list[list[list[Any]]] = [[[] for _ in lin.leaves] for _ in lin.outputs]
    for i, leaf in enumerate(lin.leaves):
        for unit in basis(leaf):
            pushed = lin.push([unit if j == i else None for j in range(len(lin.inputs))], plan)
            if numpy_dtype(leaf).kind == "c":
                turned = lin.push([unit * 1j if j == i else None for j in range(len(lin.inputs))], plan)
                pushed = [
                    t if numpy_dtype(out).kind == "c" else t - 1j * s
                    for t, s, out in zip(pushed, turned, lin.outputs, strict=True)
                ]
            for o, tangent in enumerate(pushed):
                columns[o][i].append(tangent)
    from .numpy.joining import moveaxis, stack
    from .numpy.shaping import reshape

    blocks: list[list[Any]] = []
    for out, row in zip(lin.outputs, columns, strict=True):
        shape = tuple(getattr(out, "shape", ()))
        blocks.append([])
        for leaf, parts in zip(lin.leaves, row, strict=True):
            inner = tuple(getattr(leaf, "shape", ()))
            if not inner:
                blocks[-1].append(parts[0])
            elif not parts:
                blocks[-1].append(zeros_of(shape + inner, like=leaf))
            else:
                blocks[-1].append(reshape(moveaxis(stack(parts), 0, -1), shape + inner))
    return blocks


def _blocks_reverse(lin: Linearization) -> list[list[Any]]:
    """The same, one reverse sweep per output element."""
    from .numpy.joining import stack
    from .numpy.shaping import reshape

    blocks: list[list[Any]] = []
    for o, out in enumerate(lin.outputs):
        shape = tuple(getattr(out, "shape", ()))
        rows: list[list[Any]] = [[] for _ in lin.leaves]
        for unit in basis(out):
            pulled = lin.pull([unit if j == o else None for j in range(len(lin.outputs))])
            if numpy_dtype(out).kind == "c":
                turned = lin.pull([unit * -1j if j == o else None for j in range(len(lin.outputs))])
                pulled = [
                    g if numpy_dtype(leaf).kind == "c" else g + 1j * t
                    for g, t, leaf in zip(pulled, turned, lin.leaves, strict=True)
                ]
            for i, g in enumerate(pulled):
                rows[i].append(g)
        blocks.append([])
        for leaf, parts in zip(lin.leaves, rows, strict=True):
            inner = tuple(getattr(leaf, "shape", ()))
            if not shape:
                blocks[-1].append(parts[0])
            elif not parts:
                blocks[-1].append(zeros_of(shape + inner, like=leaf))
            else:
                blocks[-1].append(reshape(stack(parts), shape + inner))
    return blocks


def hessian(f: Function, argnums: int | Sequence[int] = 0, *, mode: str = "auto") -> Function:
    """A function that returns the Hessian of a scalar function, of shape input + input (trees of blocks for trees).

    `mode` is that of the outer sweep: "forward" (over reverse, also for "auto") or "reverse" (over reverse). Mode
    "sparse" returns one symmetric `scipy.sparse.csr_array` over the flat inputs, see `sparse_plan`.

    Example
    -------
    >>> import numpy as np
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    if mode == "sparse":
        from .sparse.plan import evaluator

        return evaluator(f, argnums, "hessian")
    return jacobian(grad(f, argnums, mode="reverse"), argnums, mode="forward" if mode == "auto" else mode)


def derivative(f: Function, order: int = 1, argnum: int = 0) -> Function:
    """The derivative of the given order of a function of one scalar, which may return arrays and trees of them.

    Orders above 1 come from one Taylor sweep, whose work grows polynomially with the order; see `taylor`. Raises
    `ModeError` for an argument that is no scalar, and `IndependentError` if the output does not depend on it.

    Example
    -------
    >>> derivative(lambda x: x**4, order=3)(2.0)
    48.0
    """
    order = _order(order, "derivative")
    if order == 0:
        return f

    @functools.wraps(f)
    def derived(*args: Any, **kwargs: Any) -> Any:
        with constants.SCOPE:
            state.cut = None
            lin = _record_scalar(f, args, argnum, kwargs)
            if order == 1:
                found = lin.push(basis(lin.leaves[0]))
            else:
                scale = float(math.factorial(order))
                found = [coefficients[-1] * scale for coefficients in lin.expand(order)]
            out = lin.outputs[0]
            if lin.structure is None and not getattr(out, "shape", ()) and _same_kind(found[0], lin.leaves[0]):
                return as_input_type(found[0], lin.leaves[0])
            return unflatten(lin.structure, found)

    return derived


def _record_scalar(f: Function, args: tuple[Any, ...], argnum: int, kwargs: dict[str, Any]) -> Linearization:
    """Record a function of one scalar argument, on which its result must depend."""
    arguments = Arguments(args, argnum)
    if len(arguments.leaves) != 1 or shape_of(arguments.leaves[0]):
        raise ModeError("derivative needs a scalar argument", fix="use jacobian for an array")
    lin = _record_call(f, arguments, kwargs)
    if not lin.reaches():
        raise independent(lin.outputs)
    return lin


def taylor(f: Function, x: Any, order: int) -> list[Any]:
    """The Taylor coefficients of f at the scalar x, from 0 to `order`: f(x + h) ≈ Σ taylor(f, x, n)[k] · h^k.

    Coefficient k is the k-th derivative divided by k!, of the shape and dtype of f's result, which may be a number, an
    array or a tree of them. The program is recorded once and swept once, with work that grows with the square or cube
    of the order. The branches of f are those that it takes at x; at a kink the coefficients are those of the choice
    that the derivative rules make there. Raises `ModeError` for an x that is no scalar or a negative order, and
    `IndependentError` if the result does not depend on x.

    Source: Griewank and Walther, "Evaluating Derivatives" (2008), chapter 13.

    Example
    -------
    >>> import numpy as np
    >>> [float(c) for c in taylor(np.exp, 0.0, 3)]
    [1.0, 1.0, 0.5, 0.16666666666666666]
    """
    order = _order(order, "Taylor polynomial")
    with constants.SCOPE:
        state.cut = None
        lin = _record_scalar(f, (x,), 0, {})
        expanded = lin.expand(order) if order else [[] for _ in lin.outputs]
        columns = [[lin.release(leaf), *found] for leaf, found in zip(lin.outputs, expanded, strict=True)]
        return [unflatten(lin.structure, list(row)) for row in zip(*columns, strict=True)]


def _order(order: Any, what: str) -> int:
    """An order as an int; `ModeError` for a negative number and for what is no whole number."""
    if hasattr(order, "__index__") and operator.index(order) >= 0:
        return operator.index(order)
    raise ModeError(f"a {what} has an order of 0 or more, not {order!r}", fix="pass order=1, 2, …")


def _same_kind(a: Any, b: Any) -> bool:
    """Whether both are real or both complex."""
    return numpy_dtype(a).kind == numpy_dtype(b).kind
