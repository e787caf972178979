"""The kinds of row that special functions have: `Special`, `Component` and `Kernel`.

Each is elementwise. An operand without a derivative in closed form is refused by name when it is traced, where an
ordinary elementwise row would just end the dependence. Not for: any function itself.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from ... import primitive as primitive_module
from ...dtypes import numpy_dtype
from ...errors import UnsupportedError
from ...handle import TracedArray
from ...nodes import Node
from ...primitive import CONSTANT, ELEMENTWISE, Elementwise
from ...source import user_line

__adkit__ = True


def ufunc_named(name: str) -> Any:
    """A ufunc of `scipy.special`: itself, not the wrapper that SCIPY_ARRAY_API=1 puts around it."""
    special = importlib.import_module("scipy.special")
    found = getattr(special, name, None)
    if isinstance(found, numpy.ufunc):
        return found
    hidden = getattr(importlib.import_module("scipy.special._ufuncs"), name, None)
    return hidden if isinstance(hidden, numpy.ufunc) else found


def in_namespace(name: str, namespace: Any) -> Callable[..., Any]:
    """A function of `scipy.special` for the arrays of a namespace."""
    special = getattr(namespace, "special", None)
    if special is None:
        return ufunc_named(name)
    on_host = getattr(special, "on_host", None)
    return getattr(special, name) if on_host is None else on_host(ufunc_named(name))


# in single precision SciPy 1.17 returns NaN for the first two of these, and does not return from the others
WRONG_IN_SINGLE = ("mathieu_", "modfresnel", "pro_", "obl_")


def in_double(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of several results or one that is computed in double precision, and rounded to single where that is
    asked for.
    """

    def evaluate(*operands: Any) -> Any:
        single = numpy.result_type(*operands) == numpy.float32
        wide = [numpy.asarray(x) for x in operands]
        made = function(*(x if x.dtype.kind == "c" else x.astype(float) for x in wide))
        if not single:
            return made
        parts = tuple(part.astype(numpy.complex64 if part.dtype.kind == "c" else "f") for part in _as_tuple(made))
        return parts if isinstance(made, tuple) else parts[0]

    return evaluate


def _as_tuple(made: Any) -> tuple[Any, ...]:
    return made if isinstance(made, tuple) else (made,)


class Special(Elementwise):
    """An elementwise row whose function is that of `scipy.special` with its name.

    `arguments` names the operands as SciPy does, for errors; a partial of `None` refuses the operand.

    Example
    -------
    A row of `adkit.primitives.special`: `Special("expit", "x", "y * expit(-x)")`.
    """

    own_functions = True

    def __init__(
        self, name: str, arguments: str, *partials: str | None, function: str | None = None, symbol: str | None = None
    ) -> None:
        self.arguments = arguments.split()
        if len(self.arguments) != len(partials):
            raise ValueError(f"{name} has arguments {arguments!r}, but {len(partials)} partial derivatives")
        self.function = function or name
        self.refused = tuple(i for i, partial in enumerate(partials) if partial is None)
        operands = ("x",) if len(partials) == 1 else tuple("abcdefhi"[: len(partials)])
        super().__init__(name, f"{name}({', '.join(operands)})", *partials, symbol=symbol)
        self.ufunc = None

    def __call__(self, *operands: Any, **params: Any) -> Any:
        """Record the operation if an operand is traced, else evaluate it; refuse what has no derivative."""
        if self.refused:
            self.check(operands)
        return primitive_module.record_call(self, operands, params)

    def check(self, operands: Sequence[Any]) -> None:
        """Raise if an operand without a derivative is traced."""
        for i in self.refused:
            if isinstance(operands[i], TracedArray) and has_derivative(operands[i]):
                raise self.refusal(i)

    def refusal(self, operand: int) -> UnsupportedError:
        """The error for an operand without a derivative, by SciPy's name for it."""
        argument = self.arguments[operand]
        filename, line = user_line(sys._getframe(1))
        name = self.function.lstrip("_")
        return UnsupportedError(
            f"scipy.special.{name} has no derivative in its argument {argument}",
            fix=f"pass {argument} as a plain value, or as adkit.stop_gradient({argument}) if no derivative is wanted "
            "there",
            filename=filename,
            line=line,
        )

    @functools.cached_property
    def plain(self) -> Callable[..., Any]:
        found = ufunc_named(self.function)
        return in_double(found) if self.function.startswith(WRONG_IN_SINGLE) else found

    def evaluator(self, namespace: Any) -> Callable[..., Any]:  # type: ignore[override]
        """The function in a namespace, which is its attribute or one of its `special` part."""
        if namespace is numpy:
            return self.plain
        special = getattr(namespace, "special", namespace)
        on_host = getattr(special, "on_host", None)
        if on_host is not None:
            return on_host(self.plain)
        return self.library_function(special)

    def library_function(self, special: Any) -> Callable[..., Any]:
        """The function among those of another array library."""
        made = getattr(special, self.function, None)
        if made is None:
            raise UnsupportedError(
                f"{self.function} is not there for arrays of this library", fix="compute it on NumPy arrays"
            )
        return made


class Component(Special):
    """One result of a function of `scipy.special` that has several, as a row of its own."""

    def __init__(
        self, name: str, arguments: str, *partials: str | None, function: str, index: int, symbol: str | None = None
    ) -> None:
        super().__init__(name, arguments, *partials, function=function, symbol=symbol)
        self.index = index

    @functools.cached_property
    def plain(self) -> Callable[..., Any]:
        function, index = super().plain, self.index
        return lambda *operands: function(*operands)[index]

    def library_function(self, special: Any) -> Callable[..., Any]:
        """One result of the function among those of another array library."""
        function, index = super().library_function(special), self.index
        return lambda *operands: function(*operands)[index]


class Kernel(Special):
    """A function that derivatives of special functions need and that SciPy does not have, computed by `compute`.

    `compute` takes NumPy arrays in double precision; the result is in the precision of the operands.
    """

    def __init__(self, name: str, arguments: str, compute: Callable[..., Any], *partials: str | None) -> None:
        super().__init__(name, arguments, *partials)
        self.compute = compute

    @functools.cached_property
    def plain(self) -> Callable[..., Any]:
        def evaluate(*operands: Any) -> Any:
            dtype = numpy.result_type(*operands)
            arrays = numpy.broadcast_arrays(*(numpy.asarray(x) for x in operands))
            with numpy.errstate(all="ignore"):
                made = self.compute(*(x.astype(complex if x.dtype.kind == "c" else float) for x in arrays))
            single = dtype in (numpy.float32, numpy.complex64)
            return made.astype(numpy.complex64 if made.dtype.kind == "c" else numpy.float32)[()] if single else made[()]

        return evaluate

    def library_function(self, special: Any) -> Callable[..., Any]:
        raise UnsupportedError(
            f"a derivative needs {self.name}, which is not there for arrays of this library",
            fix="compute it on NumPy arrays",
        )


def has_derivative(handle: TracedArray) -> bool:
    """Whether a handle depends on an input by operations that have derivatives, so that refusing it makes sense.

    Integers have none, nor has what `stop_gradient` or a rounding returned, which is still traced while recording.
    """
    if handle.node is None or numpy_dtype(handle).kind not in "fc":
        return False
    stack, seen = [handle.node], {handle.node}
    while stack:
        node = stack.pop()
        primitive = node.primitive
        if primitive.name == "input":
            return True
        for i, parent in enumerate(node.inputs):
            if type(parent) is not Node or parent in seen or primitive.kind == CONSTANT:
                continue
            if primitive.kind == ELEMENTWISE and primitive.partials[i] is None:
                continue
            seen.add(parent)
            stack.append(parent)
    return False
