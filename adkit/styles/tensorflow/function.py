"""`tf.function` and control flow: the Python function itself, run as it is each time.

There are no graphs here: the core records what runs, so Python's `if`, `for` and `while` are differentiated as they go.
Not for: compiling.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .arrays import stack
from .elementwise import tensor
from .errors import InvalidArgumentError, NotOfferedError, SignatureError, at_line
from .nest import flatten, map_structure
from .tensor import convert_to_tensor
from .value import Value

__adkit__ = True

Function = Callable[..., Any]


class TensorSpec:
    """Shape and dtype of an argument, as an `input_signature` lists them.

    Example
    -------
    >>> TensorSpec([None, 2], "float32")
    TensorSpec(shape=(None, 2), dtype=tf.float32)
    """

    def __init__(self, shape: Any = None, dtype: Any = "float32", name: str | None = None) -> None:
        from .dtypes import as_dtype

        self.shape = None if shape is None else tuple(shape)
        self.dtype = as_dtype(dtype)
        self.name = name

    def is_compatible_with(self, value: Any) -> bool:
        """Whether a tensor has this dtype and shape; None stands for any length."""
        have = tuple(value.shape)
        fits = self.shape is None or (
            len(have) == len(self.shape) and all(n in (None, m) for n, m in zip(self.shape, have, strict=True))
        )
        return fits and value.dtype == self.dtype

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self.shape}, dtype={self.dtype!r})"


_NO_GRAPH = "call the function itself, which runs at once; adkit.trace(f)(x) shows what it records"


class StagedFunction:
    """What `tf.function` returns: calls the Python function, whose arguments it checks against the signature."""

    def __init__(self, python_function: Function, input_signature: Any = None) -> None:
        functools.update_wrapper(self, python_function)
        self.python_function = python_function
        self.input_signature = input_signature

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.input_signature is not None:
            args = self._checked(args)
        return self.python_function(*args, **kwargs)

    def _checked(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        wanted = list(self.input_signature)
        if len(args) > len(wanted):
            raise at_line(
                SignatureError,
                f"the input signature has {len(wanted)} arguments, and the call {len(args)}",
                "pass what the signature lists",
            )
        made = []
        for value, spec in zip(args, wanted, strict=False):
            value = value if isinstance(value, Value) else convert_to_tensor(value, spec.dtype)
            if not spec.is_compatible_with(value):
                raise at_line(
                    SignatureError,
                    f"an argument of shape {tuple(value.shape)} and dtype {value.dtype.name} does not fit {spec!r}",
                    "convert the argument, or change the signature",
                )
            made.append(value)
        return tuple(made)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        return StagedFunction(functools.partial(self.python_function, instance), self.input_signature)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        raise at_line(NotOfferedError, f"a tf.function of this style has no {name}", _NO_GRAPH)

    def __repr__(self) -> str:
        return f"<tf.function of {getattr(self.python_function, '__name__', self.python_function)!s}>"


def function(
    func: Function | None = None,
    input_signature: Any = None,
    autograph: bool = True,
    jit_compile: Any = None,
    reduce_retracing: bool = False,
    experimental_relax_shapes: Any = None,
    **unused: Any,
) -> Any:
    """The function itself, run eagerly; also a decorator. `input_signature` is checked, the rest accepted.

    Example
    -------
    >>> from adkit.styles import tensorflow as tf
    >>> @tf.function
    ... def f(x):
    ...     return x * x if x > 0 else -x
    >>> f(tf.constant(3.0))
    <tf.Tensor: shape=(), dtype=float32, numpy=9.0>
    """
    if func is None:
        return lambda given: StagedFunction(given, input_signature)
    return StagedFunction(func, input_signature)


def cond(pred: Any, true_fn: Function, false_fn: Function, name: str | None = None) -> Any:
    """The result of the one function or the other."""
    return true_fn() if pred else false_fn()


def case(pred_fn_pairs: Any, default: Any = None, exclusive: bool = False, name: str = "case") -> Any:
    """The result of the function beside the first true condition, else of the default."""
    for pred, chosen in pred_fn_pairs:
        if pred:
            return chosen()
    if default is None:
        raise at_line(InvalidArgumentError, "no condition of case is true, and there is no default", "pass default=")
    return default()


def switch_case(branch_index: Any, branch_fns: Any, default: Any = None, name: str = "switch_case") -> Any:
    """The result of the function at an index, else of the default (or the last one)."""
    branches = dict(branch_fns) if isinstance(branch_fns, dict) else dict(enumerate(branch_fns))
    return branches.get(int(branch_index), default or branches[max(branches)])()


def while_loop(
    cond: Function, body: Function, loop_vars: Any, *unused: Any, maximum_iterations: Any = None, **options: Any
) -> Any:
    """The loop variables after as many calls of `body` as `cond` asks for.

    Example
    -------
    >>> while_loop(lambda i: i < 3, lambda i: (i + 1,), [convert_to_tensor(0)])
    (<tf.Tensor: shape=(), dtype=int32, numpy=3>,)
    """
    state = map_structure(tensor, loop_vars)
    count = 0
    while cond(*state) and (maximum_iterations is None or count < maximum_iterations):
        made = body(*state)
        state = made if isinstance(made, (tuple, list)) else (made,)
        count += 1
    return state


def map_fn(fn: Function, elems: Any, **options: Any) -> Any:
    """The results of a function of each slice along the first axis, stacked."""
    leaves = [tensor(leaf) for leaf in flatten(elems)]
    results = []
    for i in range(len(leaves[0])):
        slices = iter([leaf[i] for leaf in leaves])
        results.append(fn(map_structure(lambda leaf, slices=slices: next(slices), elems)))
    return map_structure(lambda *parts: stack(parts), *results)


vectorized_map = map_fn
