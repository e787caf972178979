"""Random programs of NumPy code: rows, views, mutations through aliases, index assignment, `out=`, mixed dtypes.

A program is a list of steps on a pool of arrays; a step names an operation and has a seed for its choices. What a step
chose when the program first ran on plain arrays (whether NumPy takes it at all, whether its result is so large that it
is squashed) is kept, so that every later run, on traced arrays or at another point, does the same.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

LARGE = 20.0
LARGEST_ARRAY = 60

Operation = Callable[["Pool"], Any]
MAKERS: dict[str, Operation] = {}
CHANGERS: dict[str, Operation] = {}


class Pool:
    """The arrays so far, the choices of one step, and what was decided at the step's first run."""

    def __init__(self, arrays: list[Any]) -> None:
        self.arrays = arrays
        self.random = np.random.default_rng(0)
        self.fresh: set[int] = set()

    def pick(self) -> Any:
        """Any array, later ones more often."""
        n = len(self.arrays)
        return self.arrays[n - 1 - int(n * self.random.random() ** 2)]

    def integer(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high))

    def number(self) -> float:
        return float(self.random.uniform(0.3, 0.9))

    def constant(self, shape: tuple[int, ...]) -> np.ndarray:
        return self.random.uniform(-0.9, 0.9, shape)

    def mask(self, shape: tuple[int, ...]) -> np.ndarray:
        return self.random.random(shape) < 0.5

    def slices(self, shape: tuple[int, ...]) -> tuple[Any, ...]:
        """A basic index: slices of either direction, an integer, `None` or `...` now and then."""
        index: list[Any] = []
        for n in shape:
            kind = self.integer(0, 6)
            if kind == 0 and n:
                index.append(self.integer(-n, n))
            elif kind == 1:
                index.append(slice(None, None, -1))
            elif kind == 2:
                index.append(slice(None, None, 2))
            elif kind == 3:
                index.append(slice(self.integer(0, n + 1), None))
            elif kind == 4:
                index.append(slice(None, -1))
            else:
                index.append(slice(None))
        if self.integer(0, 5) == 0:
            index.insert(self.integer(0, len(index) + 1), None)
        if self.integer(0, 5) == 0 and index:
            index[-1] = Ellipsis
        return tuple(index)

    def index(self, shape: tuple[int, ...]) -> Any:
        """Any index: basic, integer arrays (with repetitions), a mask."""
        kind = self.integer(0, 4)
        if kind == 0 and shape and shape[0]:
            return self.random.integers(-shape[0], shape[0], self.integer(1, 4))
        if kind == 1 and shape:
            return self.mask(shape)
        if kind == 2 and len(shape) > 1 and min(shape) > 0:
            return tuple(self.random.integers(0, n, 3) for n in shape)
        return self.slices(shape)

    def axis(self, shape: tuple[int, ...]) -> int:
        return self.integer(-len(shape), len(shape))


def makes(function: Operation) -> Operation:
    """An operation that adds its result to the pool."""
    MAKERS[function.__name__] = function
    return function


def changes(function: Operation) -> Operation:
    """An operation that changes an array of the pool in place."""
    CHANGERS[function.__name__] = function
    return function


def is_complex(a: Any) -> bool:
    return np.result_type(a).kind == "c" if not hasattr(a, "dtype") else a.dtype.kind == "c"


def fitting(pool: Pool, a: Any) -> Any:
    """Another array that broadcasts against a, made of one of the pool's if need be."""
    b = pool.pick()
    try:
        np.broadcast_shapes(np.shape(a), np.shape(b))
    except ValueError:
        return b.mean()
    return b


# ------------------------------------------------------------------------------------------------ results


@makes
def unary(pool: Pool) -> Any:
    functions = [np.sin, np.cos, np.tanh, np.arctan, np.square, np.negative, np.exp, np.sinh]
    if not is_complex(a := pool.pick()):
        functions += [np.abs, np.expm1, np.arcsinh, np.sinc, np.exp2]
    return functions[pool.integer(0, len(functions))](a * 0.7)


@makes
def guarded_unary(pool: Pool) -> Any:
    a = pool.pick()
    positive = np.square(np.abs(a)) + 0.5
    functions = [np.sqrt, np.log, np.reciprocal, np.log1p, np.log2, np.cbrt]
    return functions[pool.integer(0, len(functions))](positive)


@makes
def parts(pool: Pool) -> Any:
    a = pool.pick()
    return [np.conj, np.real, np.imag, np.abs][pool.integer(0, 4)](a)


@makes
def power(pool: Pool) -> Any:
    a = pool.pick()
    return [lambda: a**2, lambda: a**3, lambda: (np.abs(a) + 0.4) ** 1.5, lambda: pool.number() ** np.tanh(a)][
        pool.integer(0, 4)
    ]()


@makes
def binary(pool: Pool) -> Any:
    a = pool.pick()
    b = fitting(pool, a)
    kind = pool.integer(0, 5)
    return [a + b, a - b, a * b, a / (np.abs(b) + 0.7), (a + 2 * b) * (b - a)][kind]


@makes
def real_binary(pool: Pool) -> Any:
    a = np.real(pool.pick())
    b = np.real(fitting(pool, a)) + 0.0123
    functions = [np.maximum, np.minimum, np.hypot, np.arctan2, np.logaddexp, np.fmax, np.copysign]
    return functions[pool.integer(0, len(functions))](a, b)


@makes
def with_constant(pool: Pool) -> Any:
    a = pool.pick()
    c = pool.constant(np.shape(a))
    return [a * c, c - a, a + c[..., None] if np.ndim(c) else a + c, a / (c + 2)][pool.integer(0, 4)]


@makes
def selection(pool: Pool) -> Any:
    a = pool.pick()
    b = fitting(pool, a)
    if pool.integer(0, 2):
        return np.where(pool.mask(np.shape(a)), a, b)
    return np.where(np.real(a) > 0.2371, a, b)


@makes
def clipped(pool: Pool) -> Any:
    return np.clip(np.real(pool.pick()), -0.4567, 0.6543)


@makes
def reduction(pool: Pool) -> Any:
    a = pool.pick()
    name = ["sum", "mean", "prod", "max", "min", "var", "std"][pool.integer(0, 7)]
    if name in ("max", "min"):
        a = np.real(a)
    if name == "std":
        a = a * pool.constant(np.shape(a)) + pool.constant(np.shape(a))
    axis = None if not np.ndim(a) or pool.integer(0, 3) == 0 else pool.axis(np.shape(a))
    return getattr(np, name)(a, axis=axis, keepdims=bool(pool.integer(0, 2)))


@makes
def scan(pool: Pool) -> Any:
    a = pool.pick()
    name = ["cumsum", "cumprod", "diff", "sort"][pool.integer(0, 4)]
    if name == "sort":
        a = np.real(a)
    return getattr(np, name)(a, axis=pool.axis(np.shape(a)))


@makes
def view(pool: Pool) -> Any:
    a = pool.pick()
    return a[pool.slices(np.shape(a))]


@makes
def moved_axes(pool: Pool) -> Any:
    a = pool.pick()
    kind = pool.integer(0, 4)
    if kind == 0:
        return a.T
    if kind == 1:
        return np.swapaxes(a, 0, -1)
    if kind == 2:
        return np.moveaxis(a, -1, 0)
    return np.transpose(a, pool.random.permutation(np.ndim(a)))


@makes
def reshaped(pool: Pool) -> Any:
    a = pool.pick()
    kind = pool.integer(0, 5)
    if kind == 0:
        return a.reshape(-1)
    if kind == 1:
        return np.ravel(a)
    if kind == 2:
        return np.expand_dims(a, pool.integer(0, np.ndim(a) + 1))
    if kind == 3:
        return np.squeeze(a)
    return a.reshape(a.shape[::-1])


@makes
def read(pool: Pool) -> Any:
    a = pool.pick()
    return a[pool.index(np.shape(a))]


@makes
def joined(pool: Pool) -> Any:
    a = pool.pick()
    kind = pool.integer(0, 4)
    if kind == 0:
        return np.concatenate([a, a[::-1]], axis=0)
    if kind == 1:
        return np.stack([a, a * 0.5], axis=pool.integer(0, np.ndim(a) + 1))
    if kind == 2:
        return np.hstack([np.ravel(a), np.ravel(pool.pick())])
    return np.append(a, pool.pick())


@makes
def rearranged(pool: Pool) -> Any:
    a = pool.pick()
    kind = pool.integer(0, 6)
    if kind == 0:
        return np.roll(a, pool.integer(-2, 3))
    if kind == 1:
        return np.pad(a, 1)
    if kind == 2:
        return np.repeat(a, 2, axis=pool.axis(np.shape(a)))
    if kind == 3:
        return np.tile(a, 2)
    if kind == 4:
        return np.flip(a)
    return np.broadcast_to(a, (2, *np.shape(a)))


@makes
def product(pool: Pool) -> Any:
    a, b = pool.pick(), pool.pick()
    kind = pool.integer(0, 4)
    if kind == 0:
        return np.outer(a, b) * 0.5
    if kind == 1:
        return a @ b
    if kind == 2:
        return np.dot(np.ravel(a), np.ravel(a)) * 0.2
    return np.einsum("...i,...i->...", a, a)


@makes
def copied(pool: Pool) -> Any:
    a = pool.pick()
    return [a.copy(), np.array(a), +a, np.copy(a)][pool.integer(0, 4)]


@makes
def converted(pool: Pool) -> Any:
    return pool.pick().astype([np.float32, np.complex128, np.float64][pool.integer(0, 3)])


@makes
def pieces(pool: Pool) -> Any:
    a = pool.pick()
    return np.split(a, [1], axis=0)[pool.integer(0, 2)]


# ------------------------------------------------------------------------------------------------ mutations


def small(a: Any) -> Any:
    """A value that keeps what it is stored into from growing."""
    return np.tanh(a) if not is_complex(a) else a * 0.5


@changes
def assign_scalar(pool: Pool) -> None:
    a = pool.pick()
    a[pool.index(a.shape)] = small(pool.pick().mean()) if pool.integer(0, 2) else pool.number()


@changes
def assign_array(pool: Pool) -> None:
    a = pool.pick()
    index = pool.index(a.shape)
    shape = np.empty(a.shape)[index].shape
    b = pool.pick()
    a[index] = small(b) if np.shape(b) == shape else pool.constant(shape) * small(b.sum())


@changes
def add_to_part(pool: Pool) -> None:
    a = pool.pick()
    a[pool.index(a.shape)] += small(pool.pick().mean())


@changes
def scale_part(pool: Pool) -> None:
    a = pool.pick()
    a[pool.index(a.shape)] *= pool.number()


@changes
def overlap(pool: Pool) -> None:
    a = pool.pick()
    kind = pool.integer(0, 5)
    if kind == 0:
        a[1:] = a[:-1]
    elif kind == 1:
        a[:-1] = a[1:]
    elif kind == 2:
        a[:] = a[::-1]
    elif kind == 3:
        a[1:] += 0.5 * a[:-1]
    else:
        a[...] = a.T


@changes
def in_place(pool: Pool) -> None:
    a = pool.pick()
    b = small(fitting(pool, a))
    kind = pool.integer(0, 4)
    if kind == 0:
        a += b
    elif kind == 1:
        a -= b
    elif kind == 2:
        a *= b
    else:
        a /= 1.5


@changes
def out_argument(pool: Pool) -> None:
    a = pool.pick()
    b = fitting(pool, a)
    kind = pool.integer(0, 4)
    if kind == 0:
        np.sin(a, out=a)
    elif kind == 1:
        np.multiply(a, small(b), out=a)
    elif kind == 2:
        np.add(small(b), 0.5, out=a)
    else:
        np.cumsum(a * 0.3, axis=-1, out=a)


@changes
def add_at(pool: Pool) -> None:
    a = pool.pick()
    if type(a) is np.ndarray and not a.flags.writeable:
        raise ValueError("NumPy's add.at writes into read-only arrays, which adkit refuses")
    np.add.at(a, pool.random.integers(0, a.shape[0], 3), small(pool.pick().mean()))


@changes
def swap_rows(pool: Pool) -> None:
    a = pool.pick()
    i, j = pool.integer(0, a.shape[0]), pool.integer(0, a.shape[0])
    a[[i, j]] = a[[j, i]]


@changes
def value_mask(pool: Pool) -> None:
    a = pool.pick()
    a[np.real(a) > 0.3179] = pool.number()


@changes
def copyto(pool: Pool) -> None:
    a = pool.pick()
    np.copyto(a, small(fitting(pool, a)))


# ------------------------------------------------------------------------------------------------ programs


@dataclasses.dataclass
class Program:
    """Steps, and what was decided about them at the first run."""

    steps: Sequence[tuple[str, int]]
    decisions: list[str] = dataclasses.field(default_factory=list)

    def __call__(self, *inputs: Any) -> list[Any]:
        """All arrays of the pool in the end. The first call must be on plain arrays."""
        first = not self.decisions
        pool = Pool([x * 1.0 for x in inputs])
        for place, (name, seed) in enumerate(self.steps):
            if first:
                self.decisions.append(self._first(pool, name, seed))
            elif self.decisions[place] != "skip":
                self._step(pool, name, seed, self.decisions[place])
        return [a * 1.0 for a in pool.arrays]

    def _first(self, pool: Pool, name: str, seed: int) -> str:
        """Run a step on plain arrays, where NumPy takes it, and decide about it."""
        kept = [a.copy() for a in pool.arrays]
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)  # adkit refuses what drops a part
                self._step(pool, name, seed, "keep")
        except (ValueError, TypeError, IndexError, AttributeError, np.exceptions.ComplexWarning):
            if any(not np.array_equal(a, b) for a, b in zip(pool.arrays, kept)):
                raise  # half of a step was done: the step itself is written badly
            return "skip"
        if name in CHANGERS:
            return "keep"
        made = pool.arrays[-1]
        if not np.all(np.isfinite(made)) or np.size(made) > LARGEST_ARRAY or not np.size(made):
            pool.arrays.pop()
            return "skip"
        if np.max(np.abs(made)) > LARGE:
            pool.arrays[-1] = squashed(made)
            return "squash"
        return "keep"

    def _step(self, pool: Pool, name: str, seed: int, decision: str) -> None:
        pool.random = np.random.default_rng(seed)
        if name in CHANGERS:
            CHANGERS[name](pool)
            return
        made = MAKERS[name](pool)
        if not np.ndim(made):
            made = np.reshape(made, (1,))
        pool.arrays.append(squashed(made) if decision == "squash" else made)


def run(program: Program, *inputs: Any) -> list[Any]:
    """The program as a function of this module, which `lift` can lift."""
    return program(*inputs)


def squashed(a: Any) -> Any:
    """A large array brought back to the size of 1."""
    return np.arctan(a) if not is_complex(a) else a / 1000.0
