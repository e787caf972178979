"""How NumPy's functions reach adkit: the table from each NumPy ufunc and function to what is called for traced
arguments.

`implements(numpy.mean)` enters a function of `adkit.numpy` into `FUNCTIONS`; a ufunc that is an elementwise row is in
`tracing.UFUNCS`, any other in `UFUNC_FUNCTIONS`. What is in none of them is refused with an error that names the
user's line.

Not for: the functions themselves (`adkit.numpy`) or derivatives (`adkit.primitives`).
"""

from __future__ import annotations

import functools
import importlib
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

import numpy

from . import libraries
from .errors import UnsupportedError
from .source import user_line

__adkit__ = True

FUNCTIONS: dict[Any, Callable[..., Any]] = {}
UFUNC_FUNCTIONS: dict[Any, Callable[..., Any]] = {}
UFUNC_METHODS: dict[tuple[str, str], Callable[..., Any]] = {}

# CPython's first in-place argument of BINARY_OP (NB_INPLACE_ADD), that of @=, and its flag for code with fast locals
_INPLACE_OPERATION, _INPLACE_MATMUL, _OPTIMIZED = 13, 17, 1


def implements(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: the decorated function does for traced arguments what these NumPy functions or ufuncs do for plain
    ones.

    What it returns, for the namespace, hands calls without any traced argument to the first NumPy function unchanged.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        for numpy_function in functions:
            table = UFUNC_FUNCTIONS if isinstance(numpy_function, numpy.ufunc) else FUNCTIONS
            table[numpy_function] = function
        return choosing(functions[0], function)

    return register


def choosing(plain: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that calls `function` if an argument is traced (or belongs to another array library), else `plain`."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if has_handle(args) or (kwargs and has_handle(kwargs.values())):
            like = libraries.foreign_among((args, kwargs))
            return function(*args, **kwargs) if like is None else libraries.call(function, args, kwargs, like)
        return plain(*args, **kwargs)

    return call


def refusing(name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    """A function without a derivative rule: an error if an argument is traced, else `plain`."""

    @functools.wraps(plain, assigned=("__name__", "__qualname__", "__doc__"), updated=())
    def call(*args: Any, **kwargs: Any) -> Any:
        if has_handle(args) or (kwargs and has_handle(kwargs.values())):
            raise unsupported(name, sys._getframe(1))
        return plain(*args, **kwargs)

    call.refuses = True  # type: ignore[attr-defined]
    return call


def constant(plain: Callable[..., Any]) -> Callable[..., Any]:
    """A function without a derivative by nature, of the values of its arguments; each traced one is a guard."""

    @functools.wraps(plain, assigned=("__name__", "__qualname__", "__doc__"), updated=())
    def call(*args: Any, **kwargs: Any) -> Any:
        if not (has_handle(args) or (kwargs and has_handle(kwargs.values()))):
            return plain(*args, **kwargs)
        from .numpy.arguments import known

        return plain(*map(known, args), **{name: known(value) for name, value in kwargs.items()})

    return call


class _RefusingClass(type):
    """The type of `refusing_class`: instances are those of the plain class."""

    plain: Any

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if has_handle(args) or (kwargs and has_handle(kwargs.values())):
            raise unsupported(f"numpy.{cls.__name__}", sys._getframe(1))
        return cls.plain(*args, **kwargs)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, cls.plain)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.plain)


def refusing_class(plain: type) -> type:
    """A class that makes instances of a NumPy class, and raises an error if an argument is traced."""
    return _RefusingClass(plain.__name__, (), {"plain": plain, "refuses": True, "__doc__": plain.__doc__})


def has_handle(values: Iterable[Any]) -> bool:
    """Whether a handle, or an array of another library than NumPy, is among values or in nested lists of them."""
    for value in values:
        kind = type(value)
        if kind in _PLAIN_TYPES:
            continue
        if kind is numpy.ndarray:
            if value.dtype == object and has_handle(value.ravel().tolist()):
                return True
        elif kind is list or kind is tuple:
            if has_handle(value):
                return True
        elif hasattr(kind, "__array_namespace__") and not issubclass(kind, (numpy.ndarray, numpy.generic)):
            return True
        elif _is_known(kind):
            return True
    return False


_PLAIN_TYPES = frozenset(
    {
        int,
        float,
        complex,
        bool,
        str,
        type(None),
        type,
        slice,
        type(Ellipsis),
        numpy.float64,
        numpy.float32,
        numpy.bool_,
        numpy.int64,
    }
)


def call_function(func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """What `__array_function__` does: the function from the table, or an error that names it."""
    from .handle import TracedArray

    if not all(issubclass(t, (TracedArray, numpy.ndarray)) or _is_known(t) for t in types):
        return NotImplemented
    function = function_for(func)
    if function is None:
        raise unsupported(name_of(func), sys._getframe(2))
    like = libraries.foreign_among((args, kwargs))
    return function(*args, **kwargs) if like is None else libraries.call(function, args, kwargs, like)


# modules that importing NumPy does not import -> adkit's module for their functions
_LATER = {"numpy.polynomial.polynomial": "adkit.numpy.bivariate"}


def function_for(func: Any) -> Callable[..., Any] | None:
    """What is called in the place of a function of NumPy for traced arguments; `None` if there is nothing."""
    function = FUNCTIONS.get(func)
    if function is None and getattr(func, "__module__", None) in _LATER:
        importlib.import_module(_LATER[func.__module__])
        function = FUNCTIONS.get(func)
    return function


def _is_known(kind: type) -> bool:
    from .backends.base import backend_of_type

    return backend_of_type(kind) is not None


def call_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What `__array_ufunc__` does beyond the fast path: options, methods, ufuncs that are no row, foreign
    containers.
    """
    if any(_is_foreign(value) for value in (*inputs, *kwargs.get("out", ()))):
        return NotImplemented
    out = kwargs.pop("out", None)
    where = kwargs.pop("where", True) if method == "__call__" else True
    frame = sys._getframe(2)
    result = _compute(ufunc, method, inputs, kwargs, frame)
    if where is not True:
        result = _masked(result, where, out, frame)
    return result if out is None else into(out, result, frame)


def _compute(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any], frame: Any) -> Any:
    from .handle import TracedArray
    from .numpy.creation import as_dtype
    from .tracing import UFUNCS

    dtype, signature = kwargs.pop("dtype", None), kwargs.pop("signature", None)
    dtype = _of_signature(signature) if dtype is None else dtype
    for ignored in ("casting", "order", "subok"):
        kwargs.pop(ignored, None)
    if method != "__call__":
        function = UFUNC_METHODS.get((ufunc.__name__, method))
        if function is None:
            _refuse(ufunc, method, frame)
        return function(*inputs, **kwargs) if dtype is None else function(*inputs, dtype=dtype, **kwargs)  # type: ignore[misc]
    function = UFUNC_FUNCTIONS.get(ufunc) or UFUNCS.get(ufunc)
    if function is None and getattr(sys.modules.get("scipy.special"), ufunc.__name__, None) is ufunc:
        importlib.import_module("adkit.scipy.special")  # enters the ufuncs of scipy.special
        function = UFUNC_FUNCTIONS.get(ufunc) or UFUNCS.get(ufunc)
    if function is None:
        from .numpy.selection import call_python_ufunc, is_python_ufunc

        if not is_python_ufunc(ufunc):
            raise unsupported(name_of(ufunc), frame)
        return call_python_ufunc(ufunc, *inputs)
    if dtype is None:
        return function(*inputs, **kwargs)
    result = function(*(_of_dtype(a, numpy.dtype(dtype)) for a in inputs), **kwargs)
    return as_dtype(result, dtype) if isinstance(result, TracedArray) else result


def _of_signature(signature: Any) -> Any:
    """The dtype of the result that `signature=` asks for: "dd->d", or a tuple of dtypes."""
    if isinstance(signature, str):
        return signature.rpartition("->")[2][:1] or None
    return signature[-1] if signature else None


def _of_dtype(operand: Any, dtype: Any) -> Any:
    """An operand in the dtype in which a ufunc shall compute: the root of −1 is complex with `dtype=complex`."""
    from .dtypes import numpy_dtype
    from .numpy.arguments import operand as joined
    from .numpy.creation import as_dtype

    operand = joined(operand)
    kind = numpy_dtype(operand).kind
    return as_dtype(operand, dtype) if kind in "fc" and dtype.kind in "fc" else operand


def _refuse(ufunc: Any, method: str, frame: Any) -> Any:
    raise unsupported(f"numpy.{ufunc.__name__}.{method}", frame)


def name_of(function: Any) -> str:
    """A NumPy or SciPy function's name with its module, as the user writes it."""
    name = getattr(function, "__name__", str(function))
    if vars(numpy).get(name) is function:
        return f"numpy.{name}"
    if getattr(sys.modules.get("scipy.special"), name, None) is function:
        return f"scipy.special.{name}"
    if isinstance(function, numpy.ufunc) and hasattr(numpy.strings, name):
        return f"numpy.strings.{name}"
    return f"{getattr(function, '__module__', None) or 'ufunc'}.{name}"


def unsupported(name: str, frame: Any) -> UnsupportedError:
    """The error for a function that has no derivative rule here, with the reason that the completeness table gives."""
    from .numpy.census import refusal

    filename, line = user_line(frame)
    refused = refusal(name)
    return UnsupportedError(
        f"{name} has no derivative rule in adkit" + (f": {refused.reason}" if refused else ""),
        fix=refused.fix if refused else _FIX,
        filename=filename,
        line=line,
    )


_FIX = "write it with functions that have one, or pass adkit.stop_gradient(x) if no derivative is wanted there"


def _is_foreign(value: Any) -> bool:
    """Whether a container defines its own ufunc protocol and so goes first (xarray, pandas, pint wrap traced
    arrays).
    """
    from .handle import TracedArray

    if isinstance(value, (TracedArray, numpy.ndarray, numpy.generic, int, float, complex, list, tuple)):
        return False
    return hasattr(type(value), "__array_ufunc__") and not _is_known(type(value))


def _masked(result: Any, where: Any, out: Any, frame: Any) -> Any:
    from .numpy.elementwise import where as where_function

    if out is None:
        filename, line = user_line(frame)
        raise UnsupportedError(
            "where= without out= leaves elements undefined",
            fix="pass out=, or use numpy.where",
            filename=filename,
            line=line,
        )
    if isinstance(result, tuple):
        return tuple(r if o is None else where_function(where, r, o) for r, o in zip(result, out, strict=True))
    return where_function(where, result, out[0])


def into(out: tuple[Any, ...], result: Any, frame: Any) -> Any:
    """Store results in the given outputs: traced ones are rebound; a plain one is replaced in `A += x` and refused
    elsewhere.
    """
    results = result if isinstance(result, tuple) else (result,)
    out = out if isinstance(out, tuple) else (out,)
    stored = tuple(r if o is None else _store(o, r, frame) for o, r in zip(out, results, strict=True))
    return stored if isinstance(result, tuple) else stored[0]


def _store(target: Any, result: Any, frame: Any) -> Any:
    from . import storage
    from .handle import TracedArray, is_traced

    if isinstance(target, TracedArray):
        return storage.assign(target, result, frame)
    if not is_traced(result):
        target[...] = result.value if isinstance(result, TracedArray) else result
        return target
    references = sys.getrefcount(target)
    operation = _inplace_operation(frame)
    if _measured.counts is not None:
        _measured.counts.append(references)
        return target
    if (
        operation is not None
        and target.base is None
        and references <= _sole_references(operation, _is_local(target, frame))
    ):
        storage.check_cast(result.value, target.dtype, True, frame)
        return storage.assign(storage.snapshot(TracedArray(None, target)), result, frame)
    if operation is None:
        raise storage.refuse_plain_target("out=", frame)
    fix = (
        "write A = A + x in the place of A += x, make the array with adkit.numpy, or differentiate adkit.lift(f) in "
        "the place of f"
    )
    raise storage.refuse_plain_target("an in-place operator on an array that has other names or views", frame, fix)


def _inplace_operation(frame: Any) -> int | None:
    """Which `A op= B` a frame is executing, whose result is bound to A: CPython's number of it; `None` for
    anything else.
    """
    import dis

    code = frame.f_code.co_code
    operation = code[frame.f_lasti + 1]
    is_operator = dis.opname[code[frame.f_lasti]] == "BINARY_OP" and operation >= _INPLACE_OPERATION
    return operation if is_operator else None


class _Measured(threading.local):
    """While `_sole_references` measures in this thread: the counts that `_store` found."""

    counts: list[int] | None = None


_measured = _Measured()


@functools.cache
def _sole_references(operation: int, local: bool) -> int:
    """The references to the left side of `A op= x` where A is its only name, measured once for this interpreter.

    More of them mean that the array has another name, or is in a list, or has views: those would keep its old contents.
    """
    from .tracing import make_input

    x, box = make_input(numpy.ones((1, 1))), [numpy.ones((1, 1))]
    a = numpy.ones((1, 1))
    counts: list[int] = []
    _measured.counts = counts
    try:
        if operation == _INPLACE_MATMUL:
            if local:
                a @= x
            else:
                box[0] @= x
        elif local:
            a += x
        else:
            box[0] += x
    finally:
        _measured.counts = None
    return counts[0]


def _is_local(target: Any, frame: Any) -> bool:
    """Whether the left side is a local variable that the interpreter lends without counting, as CPython does from
    3.14.
    """
    if sys.version_info < (3, 14) or not frame.f_code.co_flags & _OPTIMIZED:
        return False
    return any(frame.f_locals.get(name) is target for name in frame.f_code.co_varnames)


# ------------------------------------------------------------------------------------------------ substitution in cells


def substitute_for(value: Any) -> Any:
    """What a traced cell sees instead of a module or function: adkit's namespace for `numpy`, `math`, `scipy.*`, else
    `None`.

    Example
    -------
    >>> import numpy
    >>> substitute_for(numpy).__name__
    'adkit.numpy'
    """
    from . import namespaces

    return namespaces.substitute_for(value)
