"""Random variables: a new draw with every call of a compiled function.

Each variable has a generator of its own, NumPy's Mersenne Twister seeded as Theano's shared streams are, so the draws
are the same. Not for: noise inside of `scan`, which a step cannot draw: make it with a size and scan over it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from .graph import TensorType, Variable, as_variable

__adkit__ = True


class Generator:
    """The state of a random variable: `get_value().seed(n)` and `set_value` as for a shared variable."""

    def __init__(self, state: numpy.random.RandomState) -> None:
        self.state = state

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> numpy.random.RandomState:
        """The generator, a copy unless `borrow`."""
        return self.state if borrow else copy.deepcopy(self.state)

    def set_value(self, new_value: numpy.random.RandomState, borrow: bool = False) -> None:
        """Take the state of another generator."""
        self.state = new_value if borrow else copy.deepcopy(new_value)


class RandomVariable(Variable):
    """A variable whose value is drawn for each call. `sizes` are symbolic, or the size is `plain`."""

    def __init__(
        self,
        type: TensorType,
        draw: Callable[[numpy.random.RandomState, Any], Any],
        plain: Any,
        sizes: Sequence[Variable],
        generator: Generator,
    ) -> None:
        super().__init__(type)
        self._draw, self.plain, self.sizes, self.rng = draw, plain, list(sizes), generator
        self.keeps_state = False

    def draw(self, sizes: Sequence[Any]) -> Any:
        """A new value."""
        shape = self.plain
        if self.sizes:
            shape = tuple(int(n) for s in sizes for n in numpy.ravel(s))
        state = copy.deepcopy(self.rng.state) if self.keeps_state else self.rng.state
        return numpy.asarray(self._draw(state, shape)).astype(self.type.numpy_dtype)[()]

    def frozen(self) -> RandomVariable:
        """The variable with draws that leave its generator as it is."""
        made = RandomVariable(self.type, self._draw, self.plain, self.sizes, self.rng)
        made.keeps_state = True
        return made


class RandomStreams:
    """Makes random variables, each with a generator seeded from one seed.

    Example
    -------
    >>> from adkit.styles.theano import function
    >>> stream = RandomStreams(seed=234)
    >>> u = stream.uniform((2, 2))
    >>> f = function([], u)
    >>> bool((f() != f()).all())
    True
    """

    def __init__(self, seed: int | None = None) -> None:
        self.default_instance_seed = seed
        self.variables: list[RandomVariable] = []
        self.gen_seedgen = numpy.random.RandomState(seed)

    def seed(self, seed: int | None = None) -> None:
        """Seed the generators of all variables made so far anew."""
        source = numpy.random.RandomState(self.default_instance_seed if seed is None else seed)
        for variable in self.variables:
            variable.rng.state = numpy.random.RandomState(int(source.randint(2**30)))

    def _new(self, draw: Callable[..., Any], size: Any, ndim: int | None, dtype: Any) -> RandomVariable:
        generator = Generator(numpy.random.RandomState(int(self.gen_seedgen.randint(2**30))))
        plain, sizes, rank = _split(size, ndim)
        made = RandomVariable(TensorType(dtype, (False,) * rank), draw, plain, sizes, generator)
        self.variables.append(made)
        return made

    def uniform(
        self, size: Any = (), low: float = 0.0, high: float = 1.0, ndim: int | None = None, dtype: Any = None
    ) -> Variable:
        """Numbers between `low` and `high`."""
        return self._new(lambda r, n: r.uniform(low, high, n), size, ndim, dtype or _float())

    def normal(
        self, size: Any = (), avg: float = 0.0, std: float = 1.0, ndim: int | None = None, dtype: Any = None
    ) -> Variable:
        """Normally distributed numbers."""
        return self._new(lambda r, n: r.normal(avg, std, n), size, ndim, dtype or _float())

    def binomial(
        self, size: Any = (), n: int = 1, p: float = 0.5, ndim: int | None = None, dtype: Any = "int64"
    ) -> Variable:
        """The number of successes in n trials of probability p."""
        return self._new(lambda r, shape: r.binomial(n, p, shape), size, ndim, dtype)

    def random_integers(
        self, size: Any = (), low: int = 0, high: int = 1, ndim: int | None = None, dtype: Any = "int64"
    ) -> Variable:
        """Integers from `low` to `high`, both included."""
        return self._new(lambda r, shape: r.randint(low, high + 1, shape), size, ndim, dtype)

    def choice(self, size: Any = (), a: int = 2, ndim: int | None = None, dtype: Any = "int64", **_: Any) -> Variable:
        """Integers below a."""
        return self._new(lambda r, shape: r.randint(0, a, shape), size, ndim, dtype)

    def permutation(self, size: Any = None, n: int = 1, ndim: int | None = None, dtype: Any = "int64") -> Variable:
        """The integers below n in random order."""
        return self._new(lambda r, shape: r.permutation(n), (n,), ndim, dtype)


MRG_RandomStreams = RandomStreams


def _float() -> str:
    from .configuration import config

    return config.floatX


def _split(size: Any, ndim: int | None) -> tuple[Any, list[Variable], int]:
    """A plain size, or the variables of a symbolic one, and the number of dimensions."""
    from .tensor.shaping import _rank_of_vector

    if size is None:
        return (), [], 0
    if isinstance(size, Variable):
        return None, [size], _rank_of_vector(size, ndim) if size.ndim else 1
    parts = list(size) if isinstance(size, (tuple, list)) else [size]
    if any(isinstance(p, Variable) for p in parts):
        return None, [as_variable(p) for p in parts], len(parts)
    return tuple(int(p) for p in parts), [], len(parts)
