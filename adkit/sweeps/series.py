"""Truncated power series that compute their coefficients when asked for them, and the arithmetic of rows on them.

A series stands for x(t) = Σ x_k t^k. An elementwise row y = f(x) needs no rule of its own here: with its partials p
from the table, y' = Σ p·x', so that k·y_k is coefficient k - 1 of the series Σ p·x', whose factor p is an expression
of rows again. Equal expressions are one series (hash-consing), so that sin and cos, or exp and itself, refer to each
other, and the work for all coefficients up to order n is polynomial in n.

A coefficient that is `None` is zero by structure. Source of the recurrences: Griewank and Walther, "Evaluating
Derivatives" (2008), chapter 13. Not for: nodes, and the order in which they are visited (`taylor`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy

from ..dtypes import numpy_dtype
from ..nodes import Node
from ..primitive import ELEMENTWISE, OUTPUT_BIT, REGISTRY, Elementwise, Primitive
from ..primitives import elementwise as rows
from ..tracing import SCALAR_TYPES
from .values import fit_tangent

__adkit__ = True

LARGEST_EXPANDED_EXPONENT = 64
Key = tuple[Any, ...]


class Series:
    """A power series; coefficient 0 is the value at the point, `None` where it is zero or nobody can tell."""

    __slots__ = ("algebra", "like", "_zeroth", "_made")
    is_constant = False

    def __init__(self, algebra: Algebra) -> None:
        self.algebra = algebra
        self.like: Node | None = None  # the node whose shape and dtype the coefficients have
        self._zeroth: Any = None
        self._made: list[Any] = []

    def coefficient(self, k: int) -> Any:
        """The factor of t^k; those before it are computed first."""
        if k == 0:
            return self.zeroth()
        made = self._made
        while len(made) < k:
            made.append(self.fitted(self.next(len(made) + 1)))
        return made[k - 1]

    def zeroth(self) -> Any:
        """The value at the point, computed once."""
        if self._zeroth is None:
            self._zeroth = self.value()
        return self._zeroth

    def value(self) -> Any:
        """Compute coefficient 0."""
        return None

    def next(self, k: int) -> Any:
        """Compute coefficient k ≥ 1 from those before it."""
        raise NotImplementedError

    def fitted(self, coefficient: Any) -> Any:
        """A coefficient in the type of the series: that of its node, or the real part where the value is real."""
        if coefficient is None:
            return None
        if self.like is not None:
            return fit_tangent(coefficient, self.like)
        if numpy_dtype(coefficient).kind == "c":
            zeroth = self.zeroth()
            if zeroth is not None and numpy_dtype(zeroth).kind != "c":
                return rows.real(coefficient)
        return coefficient

    def release(self) -> None:
        """Let go of other series that may refer back to this one."""

    def forget(self, k: int) -> None:
        """Give up coefficient k, which nobody reads again."""
        self._made[k - 1] = None


class Constant(Series):
    """A value that does not change along t."""

    __slots__ = ()
    is_constant = True

    def __init__(self, algebra: Algebra, value: Any) -> None:
        super().__init__(algebra)
        self._zeroth = value

    def next(self, k: int) -> Any:
        return None


class Given(Series):
    """A series with known coefficients, zero after the last."""

    __slots__ = ()

    def __init__(self, algebra: Algebra, coefficients: Sequence[Any]) -> None:
        super().__init__(algebra)
        self._zeroth = coefficients[0]
        self._made = list(coefficients[1:])

    def next(self, k: int) -> Any:
        return None


class Fitted(Series):
    """A series that equals another one, with coefficients in the shape and dtype of a node."""

    __slots__ = ("same",)

    def __init__(self, same: Series, like: Node) -> None:
        super().__init__(same.algebra)
        self.same = same
        self.like = like

    def value(self) -> Any:
        return self.same.zeroth()

    def next(self, k: int) -> Any:
        return self.same.coefficient(k)


class Derivative(Series):
    """x'(t), with coefficients (k + 1)·x_{k+1}."""

    __slots__ = ("of",)

    def __init__(self, of: Series) -> None:
        super().__init__(of.algebra)
        self.of = of

    def value(self) -> Any:
        return self.of.coefficient(1)

    def next(self, k: int) -> Any:
        higher = self.of.coefficient(k + 1)
        return None if higher is None else higher * (k + 1)


class Applied(Series):
    """A row of the table applied to series."""

    __slots__ = ("row", "operands")

    def __init__(self, algebra: Algebra, row: Elementwise, operands: tuple[Series, ...]) -> None:
        super().__init__(algebra)
        self.row = row
        self.operands = operands

    def value(self) -> Any:
        values = [operand.zeroth() for operand in self.operands]
        if values[0] is None and self.row in _ABSORBING:
            return None
        return self.algebra.evaluated(self.row, [0.0 if v is None else v for v in values])


class Termwise(Applied):
    """A row that is linear in its operands that vary, and so acts on each coefficient alone."""

    __slots__ = ("pushes",)

    def __init__(self, algebra: Algebra, row: Elementwise, operands: tuple[Series, ...]) -> None:
        super().__init__(algebra, row, operands)
        self.pushes = row.products(algebra.namespace, algebra.strong)

    def next(self, k: int) -> Any:
        total = None
        values: list[Any] | None = None
        for operand, push in zip(self.operands, self.pushes, strict=True):
            given = None if push is None else operand.coefficient(k)
            if given is not None and push is not None:
                if values is None:
                    values = [o.zeroth() if o.is_constant and self.row.arity > 1 else None for o in self.operands]
                total = _sum(total, push(given, *values, None))
        return total


class Product(Applied):
    """a·b, by the Cauchy product."""

    __slots__ = ()

    def next(self, k: int) -> Any:
        a, b = self.operands
        product = _strongly if self.row is rows.strong_multiply else self.algebra.product
        if a is not b:
            return cauchy(product, a, b, range(k + 1), k)
        half = cauchy(product, a, b, range((k + 1) // 2), k)
        total = None if half is None else half * 2
        return _sum(total, cauchy(product, a, b, (k // 2,), k)) if k % 2 == 0 else total


class Quotient(Applied):
    """q = a / b, from a = q·b."""

    __slots__ = ()

    def next(self, k: int) -> Any:
        a, b = self.operands
        rest = cauchy(self.algebra.product, self, b, range(k), k)
        given = a.coefficient(k)
        if rest is not None:
            given = -rest if given is None else given - rest
        if given is None:
            return None
        if self.algebra.strong:
            return rows.strong_multiply(given, 1 / b.zeroth())
        return given / b.zeroth()


class Alias(Applied):
    """A row whose coefficients are those of an expression made of other rows."""

    __slots__ = ("same",)

    def __init__(self, algebra: Algebra, row: Elementwise, operands: tuple[Series, ...], same: Series) -> None:
        super().__init__(algebra, row, operands)
        self.same = same

    def next(self, k: int) -> Any:
        return self.same.coefficient(k)


class Integral(Applied):
    """Any other row: k·y_k is coefficient k - 1 of Σ partial·x'."""

    __slots__ = ("terms",)

    def __init__(self, algebra: Algebra, row: Elementwise, operands: tuple[Series, ...]) -> None:
        super().__init__(algebra, row, operands)
        self.terms: list[Series] | None = None

    def release(self) -> None:
        self.terms = None

    def next(self, k: int) -> Any:
        if self.terms is None:
            pushes = self.row.products(EXPRESSIONS, self.algebra.strong)
            self.terms = [
                push(self.algebra.derivative(x), *self.operands, self)
                for x, push in zip(self.operands, pushes, strict=True)
                if push is not None and not x.is_constant
            ]
        total = None
        for term in self.terms:
            total = _sum(total, term.coefficient(k - 1))
        return total if total is None or k == 1 else total / k


def cauchy(product: Callable[..., Any], a: Series, b: Series, places: Sequence[int], k: int) -> Any:
    """Σ a_j·b_{k-j} over the given j, by `product(a_j, b_i, whether j > 0, whether i > 0)`."""
    total = None
    for j in places:
        left = a.coefficient(j) if j else True  # a value at the point is read only if its partner is there
        right = b.coefficient(k - j) if left is not None else None
        if right is None:
            continue
        left = a.zeroth() if j == 0 else left
        if left is not None:
            total = _sum(total, product(left, right, j > 0, k > j))
    return total


def _strongly(a: Any, b: Any, a_varies: bool, b_varies: bool) -> Any:
    return rows.strong_multiply(a, b)


def _sum(total: Any, term: Any) -> Any:
    return term if total is None else total if term is None else total + term


class Algebra:
    """How rows act on series: plainly or recorded, with or without the strong zero; and which series are equal."""

    def __init__(self, namespace: Any, strong: bool) -> None:
        self.namespace = namespace
        self.strong = strong
        self._known: dict[Key, Series] = {}
        self._constants: dict[Any, Constant] = {}
        self._derivatives: dict[int, Derivative] = {}
        self.sweeps: list[dict[Any, Series]] = []  # the series of nodes, per sweep

    def close(self) -> None:
        """End the use of all series, so that none of them waits for the garbage collector."""
        for series in (*self._known.values(), *(s for sweep in self.sweeps for s in sweep.values())):
            series.release()
        tables: list[dict[Any, Any]] = [self._known, self._constants, self._derivatives, *self.sweeps]
        for table in tables:
            table.clear()
        self.sweeps.clear()

    def constant(self, value: Any, node: Node | None = None) -> Constant:
        """The series of a constant, or of a node that does not vary; numbers that are equal are one series."""
        key = node or ((type(value), repr(value)) if type(value) in SCALAR_TYPES else id(value))
        made = self._constants.get(key)
        if made is None:
            made = self._constants[key] = Constant(self, value)
        return made

    def derivative(self, x: Series) -> Derivative:
        """x', one series for each x."""
        made = self._derivatives.get(id(x))
        if made is None:
            made = self._derivatives[id(x)] = Derivative(x)
        return made

    def evaluated(self, row: Elementwise, values: Sequence[Any]) -> Any:
        """A row on values."""
        return row(*values) if self.namespace is None else row.evaluate(values, {})

    def product(self, a: Any, b: Any, a_varies: bool, b_varies: bool) -> Any:
        """a·b, where with the strong zero a coefficient that is exactly 0 makes it 0."""
        if not self.strong:
            return a * b
        if a_varies and b_varies:
            return rows.where(rows.logical_or(rows.equal(a, 0), rows.equal(b, 0)), 0.0, a * b)
        return rows.strong_multiply(a, b) if a_varies else rows.strong_multiply(b, a)

    def known(self, key: Key, make: Callable[[], Series]) -> Series:
        """The series with a key, made if it is new."""
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = make()
        return found

    def apply(self, row: Primitive, operands: Sequence[Any]) -> Series:
        """A row as it stands in an expression of the table, applied to series and numbers."""
        given = tuple(x if isinstance(x, Series) else self.constant(x) for x in operands)
        if row.kind != ELEMENTWISE:
            from .taylor import general

            return general(self, row, given, {})
        assert isinstance(row, Elementwise)
        return self.elementwise(row, given)

    def elementwise(self, row: Elementwise, operands: tuple[Series, ...]) -> Series:
        """The series of an elementwise row."""
        key = (row, *map(id, operands))
        return self.known(key, lambda: self._made(row, operands))

    def _made(self, row: Elementwise, operands: tuple[Series, ...]) -> Series:
        varying = [i for i, x in enumerate(operands) if not x.is_constant and row.partials[i] is not None]
        if not varying:
            return Constant(self, self.evaluated(row, [_or_zero(x.zeroth()) for x in operands]))
        reads = 0
        for i in varying:
            reads |= row.residuals[i]
        if not reads & OUTPUT_BIT and not any(reads >> i & 1 for i, x in enumerate(operands) if not x.is_constant):
            return Termwise(self, row, operands)
        if row is rows.multiply or row is rows.strong_multiply:
            return Product(self, row, operands)
        if row is rows.square:
            return Product(self, rows.multiply, (operands[0], operands[0]))
        if row is rows.divide:
            return Quotient(self, row, operands)
        if row is rows.power_constant or row is rows.power:
            same = self.power(*operands)
            return Integral(self, row, operands) if same is None else Alias(self, row, operands, same)
        return Integral(self, row, operands)

    def power(self, base: Series, exponent: Series) -> Series | None:
        """base ** exponent by products, for an exponent that is a constant integer; `None` for another one."""
        value: Any = exponent.zeroth() if exponent.is_constant else None
        if type(value) not in SCALAR_TYPES or numpy.imag(value) or not float(numpy.real(value)).is_integer():
            return None
        n = int(numpy.real(value))
        if n == 0 or abs(n) > LARGEST_EXPANDED_EXPONENT:
            return None
        if n < 0:
            return self.elementwise(rows.divide, (self.constant(1), self._repeated(base, -n)))
        return self._repeated(base, n)

    def _repeated(self, base: Series, n: int) -> Series:
        if n == 1:
            return base
        half = self._repeated(base, n // 2)
        whole = self.elementwise(rows.multiply, (half, half))
        return whole if n % 2 == 0 else self.elementwise(rows.multiply, (whole, base))


def _or_zero(value: Any) -> Any:
    return 0.0 if value is None else value


# rows that give zero for a first operand that is zero by structure
_ABSORBING = frozenset({rows.multiply, rows.strong_multiply, rows.divide, rows.negative, rows.positive})


class _Expressions:
    """The namespace in which an expression of the table is compiled into a function of series."""

    takes_rows = True

    def __getattr__(self, name: str) -> Any:
        row = REGISTRY.get(name)
        if row is None:
            raise AttributeError(name)
        return lambda *operands: _apply(row, *operands)


EXPRESSIONS = _Expressions()


def _apply(row: Primitive, *operands: Any) -> Series:
    algebra = next(x.algebra for x in operands if isinstance(x, Series))
    return algebra.apply(row, operands)


def _power(base: Any, exponent: Any) -> Any:
    """`**` in an expression of the table, with the rows that `operators.power` takes."""
    algebra = next(x.algebra for x in (base, exponent) if isinstance(x, Series))
    base, exponent = (x if isinstance(x, Series) else algebra.constant(x) for x in (base, exponent))
    if exponent.is_constant and type(exponent.zeroth()) in SCALAR_TYPES:
        if exponent.zeroth() == 0:
            return algebra.constant(1.0)
        return algebra.power(base, exponent) or algebra.elementwise(rows.power_constant, (base, exponent))
    return algebra.elementwise(rows.power, (base, exponent))


def _attach() -> None:
    """Put the operators that expressions use on `Series`."""
    binary = {
        "add": rows.add,
        "sub": rows.subtract,
        "mul": rows.multiply,
        "truediv": rows.divide,
        "mod": rows.remainder,
        "floordiv": rows.floor_divide,
        "and": rows.bitwise_and,
        "or": rows.bitwise_or,
        "xor": rows.bitwise_xor,
    }
    for name, row in binary.items():
        setattr(Series, f"__{name}__", lambda self, other, row=row: _apply(row, self, other))
        setattr(Series, f"__r{name}__", lambda self, other, row=row: _apply(row, other, self))
    comparisons = {
        "lt": rows.less,
        "le": rows.less_equal,
        "gt": rows.greater,
        "ge": rows.greater_equal,
        "eq": rows.equal,
        "ne": rows.not_equal,
    }
    for name, row in comparisons.items():
        setattr(Series, f"__{name}__", lambda self, other, row=row: _apply(row, self, other))
    unary = {"neg": rows.negative, "pos": rows.positive, "invert": rows.invert, "abs": rows.absolute}
    for name, row in unary.items():
        setattr(Series, f"__{name}__", lambda self, row=row: _apply(row, self))
    for name, method in {"pow": _power, "rpow": lambda self, other: _power(other, self)}.items():
        setattr(Series, f"__{name}__", method)
    Series.__hash__ = object.__hash__  # type: ignore[method-assign]


_attach()
