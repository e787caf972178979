"""The four kinds of primitive, and the registry that every row of `adkit.primitives` enters.

A primitive is one elementary operation with its derivative. What a row writes depends on its kind:

* `Elementwise`: the forward expression and one partial-derivative expression per operand, as text;
* `Linear` (jointly, in all its operands): one transpose per operand;
* `Multilinear` (in each operand alone): one transpose per slot;
* `General`: a jvp, and a vjp only where it is cheaper than the one derived from the jvp;
* a primitive without any derivative (comparisons, argmax) is `Constant`.

Rules are written in adkit's operations, so the same rule runs on plain arrays and in a recording. Not for: recording
(`tracing`) and the order in which rules are applied (`sweeps`).

Conventions. Derivatives of complex operations pair a cotangent with a tangent as Re Σ v̄·v̇, without conjugation; a
partial p of an elementwise row gives v̇ ↦ p·v̇ forward and v̄ ↦ v̄·p back, cast to the dtype of the operand (its real
part where that is real).
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy

from .backends import namespace_of, spell_operators, together

__adkit__ = True

ELEMENTWISE, LINEAR, MULTILINEAR, GENERAL, CONSTANT = range(5)
OUTPUT_BIT = 1 << 16

REGISTRY: dict[str, Primitive] = {}

# `tracing` puts its recorder here; the registry cannot import it, since recording needs the registry.
record_call: Any = None


class Primitive:
    """One elementary operation.

    Attributes
    ----------
    name: its key in `REGISTRY`, and NumPy's name for it where there is one.
    kind: `ELEMENTWISE`, `LINEAR`, `MULTILINEAR`, `GENERAL` or `CONSTANT`.
    residuals: per operand a bit mask of what its rule reads when that operand is traced: bit i for operand i,
    `OUTPUT_BIT`
        for the result. Values that no mask names are not kept.
    symbol: how the instruction is written, with `{0}`, `{1}` for the operands.
    batch: `batch(size, operands, batched, **params)`, the operation on a batch: operands with `batched[i]` have its
        axis first, and so has the result. `None` where a batch is evaluated example by example.
    sparsity: how elements of the result depend on those of the operands, see `sweeps.sparsity`; `None` is "on all".
    """

    kind = CONSTANT
    batch: Callable[..., Any] | None = None
    sparsity: Any = None

    def __init__(self, name: str, evaluate: Callable[..., Any] | None, symbol: str | None) -> None:
        if name in REGISTRY:
            raise ValueError(f"primitive {name!r} is defined twice")
        self.name = name
        self._evaluate = evaluate
        self.symbol = symbol
        self.residuals: tuple[int, ...] = ()
        REGISTRY[name] = self

    def __call__(self, *operands: Any, **params: Any) -> Any:
        """Record the operation if an operand is traced, else evaluate it."""
        return record_call(self, operands, params)

    def evaluate(self, operands: Iterable[Any], params: dict[str, Any]) -> Any:
        """The operation on plain values, in the namespace of their backend."""
        namespace = namespace_of(operands)
        return self._evaluate(namespace, *together(operands, namespace), **params)  # type: ignore[misc]

    def residual_mask(self, operand: int) -> int:
        """What the rule for `operand` reads, see `residuals`; everything where a row does not say."""
        return self.residuals[operand] if operand < len(self.residuals) else ~0

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()} primitive {self.name}>"


class Constant(Primitive):
    """An operation without a derivative: its result is piecewise constant."""

    def residual_mask(self, operand: int) -> int:
        return 0


class Linear(Primitive):
    """Jointly linear in all its operands: f(x + dx) = f(x) + f(dx).

    `transposes[i](g, *likes, **params)` maps the cotangent to operand i's; `likes` tell shape and dtype of each
    operand. A row for any number of operands has one transpose, which is told the operand by `operand=`.
    """

    kind = LINEAR

    def __init__(
        self, name: str, evaluate: Callable[..., Any], *transposes: Callable[..., Any], symbol: str | None = None
    ):
        super().__init__(name, evaluate, symbol)
        self.transposes = transposes
        self.variadic = "operand" in inspect.signature(transposes[0]).parameters

    def residual_mask(self, operand: int) -> int:
        return 0


class Multilinear(Primitive):
    """Linear in each operand while the others are fixed: products, contractions.

    `transposes[i](g, *operands, **params)` reads all operands but i, of which only shape and dtype count.
    """

    kind = MULTILINEAR

    def __init__(
        self, name: str, evaluate: Callable[..., Any], *transposes: Callable[..., Any], symbol: str | None = None
    ):
        super().__init__(name, evaluate, symbol)
        self.transposes = transposes
        self.variadic = "operand" in inspect.signature(transposes[0]).parameters

    def residual_mask(self, operand: int) -> int:
        return (OUTPUT_BIT - 1) & ~(1 << operand)


class General(Primitive):
    """Any other differentiable operation.

    `jvp(tangents, out, *operands, **params)` returns the tangent of the result (a `None` tangent is zero);
    `vjp(g, out, *operands, **params)` returns one cotangent per operand, `None` where there is none.
    `reads` names what the rules read, of "operands" and "out".
    """

    kind = GENERAL

    def __init__(
        self,
        name: str,
        evaluate: Callable[..., Any],
        *,
        jvp: Callable[..., Any],
        vjp: Callable[..., Any] | None = None,
        reads: str = "operands out",
        symbol: str | None = None,
    ):
        super().__init__(name, evaluate, symbol)
        self.jvp = jvp
        self.vjp = vjp
        self._mask = (OUTPUT_BIT - 1 if "operands" in reads else 0) | (OUTPUT_BIT if "out" in reads else 0)

    def residual_mask(self, operand: int) -> int:
        return self._mask


class Elementwise(Primitive):
    """An operation on corresponding elements, with broadcasting.

    `forward` and `partials` are expressions in the operands (`x`, or `a, b`, or `a, b, c`), the result `y`, and
    operations by name; a partial that is `None` marks an operand without influence, such as a condition. The text
    serves evaluation in any namespace, recording, code generation and display.

    Example
    -------
    A row of `adkit.primitives.elementwise`: `Elementwise("sin", "sin(x)", "cos(x)")`.
    """

    kind = ELEMENTWISE
    sparsity = "elementwise"

    def __init__(self, name: str, forward: str, *partials: str | None, symbol: str | None = None):
        super().__init__(name, None, symbol)
        self.forward = forward
        self.partials = partials
        self.arity = len(partials)
        self.operands = ("x",) if self.arity == 1 else tuple("abcdefhi"[: self.arity])  # g and y are taken
        self.residuals = tuple(self._residual(p) for p in partials)
        self.direct = self.arity < 3 and not any(
            "1j" in (p or "") for p in partials
        )  # real operands have real partials
        self.smooth = all(p is not None for p in partials)
        self.masks = (*self.residuals[:2], functools.reduce(int.__or__, self.residuals))
        call = ast.parse(forward, mode="eval").body
        direct = isinstance(call, ast.Call) and [getattr(a, "id", None) for a in call.args] == list(self.operands)
        self.ufunc = getattr(numpy, call.func.id, None) if direct else None  # type: ignore[attr-defined]

    def _residual(self, partial: str | None) -> int:
        names = _names(partial) if partial else set()
        mask = sum(1 << i for i, operand in enumerate(self.operands) if operand in names)
        return mask | (OUTPUT_BIT if "y" in names else 0)

    def __getattr__(self, name: str) -> Any:
        """Compile what the hot paths read when it is first read; from then on it is an ordinary attribute."""
        if name == "plain":  # the operation on NumPy values
            value = self.ufunc if self.ufunc is not None else self.evaluator(numpy)
        elif name == "pulls":  # per operand (g, *operands, y) -> g · partial on NumPy values, without the strong zero
            value = self.products(numpy, False)
        else:
            raise AttributeError(name)
        setattr(self, name, value)
        return value

    @functools.cache  # noqa: B019  (primitives live as long as the process)
    def products(self, namespace: Any, strong: bool) -> tuple[Callable[..., Any] | None, ...]:
        """Per operand the function `(g, *operands, y) -> g · partial` in a namespace; `None` stands for adkit's own.

        With `strong` a `g` of exactly 0 contributes exactly 0, whatever the partial (the strong zero).
        """
        return tuple(None if p is None else self._product(p, namespace, strong) for p in self.partials)

    @functools.cache  # noqa: B019
    def evaluator(self, namespace: Any) -> Callable[..., Any]:
        """The forward expression as a function of the operands in a namespace."""
        return _compile(self.forward, self.operands, namespace)

    @functools.cache  # noqa: B019
    def partial(self, operand: int, namespace: Any) -> Callable[..., Any]:
        """The partial derivative as a function `(*operands, y)` in a namespace."""
        text = self.partials[operand] or "0"
        if "g" in _names(text):
            text = f"(lambda g: {text})(1.0)"
        return _compile(text, (*self.operands, "y"), namespace)

    def _product(self, partial: str, namespace: Any, strong: bool) -> Callable[..., Any]:
        text = _product_text(partial, strong)
        if namespace is numpy and self.arity == 1:
            text = _reusing_text(text)
        return _compile(text, ("g", *self.operands, "y"), namespace)

    def evaluate(self, operands: Iterable[Any], params: dict[str, Any]) -> Any:
        namespace = namespace_of(operands)
        if namespace is numpy:
            return self.plain(*operands)
        return self.evaluator(namespace)(*together(operands, namespace))

    def residual_mask(self, operand: int) -> int:
        return self.residuals[operand]


def _product_text(partial: str, strong: bool) -> str:
    """`g · partial` as an expression; a reciprocal becomes a division, ±1 needs no product, and a selection names
    g itself.
    """
    if partial == "1":
        return "g"
    if partial == "-1":
        return "-g"
    if "g" in _names(partial):
        return partial
    if strong:
        return f"strong_multiply(g, {partial})"
    tree = ast.parse(partial, mode="eval").body
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Div) and ast.unparse(tree.left) == "1":
        return f"g / ({ast.unparse(tree.right)})"
    return f"g * ({partial})"


def _reusing_text(product: str) -> str:
    """The same product, computed in the array that its partial has just made, where it makes one.

    Large arrays cost as much to allocate as to multiply. Only for rows of one operand, whose partial has the shape of
    g.
    """
    tree = ast.parse(product, mode="eval").body
    if not isinstance(tree, ast.BinOp) or ast.unparse(tree.left) != "g" or not _makes_array(tree.right):
        return product
    function = {ast.Mult: "imul", ast.Div: "divide_into"}.get(type(tree.op))
    return f"{function}({ast.unparse(tree.right)}, g)" if function else product


def _makes_array(partial: ast.expr) -> bool:
    """Whether a partial is computed in a new float array, rather than being an operand or of another type."""
    if isinstance(partial, ast.Call):
        return ast.unparse(partial.func) in (
            "sin",
            "cos",
            "sinh",
            "cosh",
            "exp",
            "sqrt",
            "sign",
            "conj",
            "psi",
            "expit",
        )
    return isinstance(partial, (ast.BinOp, ast.UnaryOp))


def _divide_into(divisor: Any, g: Any) -> Any:
    """g / divisor, in the array of the divisor."""
    return numpy.divide(g, divisor, divisor) if type(divisor) is numpy.ndarray else g / divisor


_REUSING = {"imul": operator.imul, "divide_into": _divide_into}


def _names(expression: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(expression, mode="eval")) if isinstance(node, ast.Name)}


def _compile(expression: str, parameters: tuple[str, ...], namespace: Any) -> Callable[..., Any]:
    """An expression as a function; names that are not parameters are looked up in the namespace now, once."""
    if getattr(namespace, "spells_operators", False):
        expression = spell_operators(expression)
    find = REGISTRY.__getitem__ if namespace is None else functools.partial(_attribute, namespace)
    scope = (
        _REUSING
        | {"__adkit__": True}
        | {  # a frame of adkit's, not of the user's
            name: find(name)
            for name in _names(expression) - {"g", *parameters, *_REUSING}
            if not hasattr(builtins, name) or name == "abs"
        }
    )
    return eval(f"lambda {', '.join(parameters)}: {expression}", scope)


def _attribute(namespace: Any, name: str) -> Any:
    primitive = REGISTRY.get(name)
    if getattr(namespace, "takes_rows", False):  # power series, which are no arrays
        return getattr(namespace, name)
    if hasattr(namespace, name) and not getattr(primitive, "own_functions", False):  # NumPy's i0 is not SciPy's
        return getattr(namespace, name)
    primitive = REGISTRY[name]
    if isinstance(primitive, Elementwise):
        return primitive.evaluator(namespace)
    assert primitive._evaluate is not None
    return functools.partial(primitive._evaluate, namespace)
