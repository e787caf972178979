"""Random tensors from a generator of adkit's own: `manual_seed rand randn randint randperm normal bernoulli`.

The numbers are those of NumPy's PCG64, and so differ from PyTorch's for the same seed; a seed gives the same ones on
every machine. Not for: `Tensor.normal_` and its kin (`methods`), which draw from here too.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy

from .creation import finish, sizes_of
from .dtypes import default_real, plain_dtype
from .operands import plain

__adkit__ = True

_getframe = sys._getframe


class Generator:
    """A source of random numbers with a seed of its own.

    Example
    -------
    >>> Generator().manual_seed(3).initial_seed()
    3
    """

    def __init__(self, device: Any = "cpu") -> None:
        self.manual_seed(int(numpy.random.SeedSequence().generate_state(1)[0]))

    def manual_seed(self, seed: int) -> Generator:
        """Start again from a seed."""
        self._seed = int(seed)
        self.plain = numpy.random.default_rng(self._seed & 0xFFFFFFFFFFFFFFFF)
        return self

    def initial_seed(self) -> int:
        """The seed that it started from."""
        return self._seed

    def get_state(self) -> Any:
        """The state, for `set_state`."""
        return self.plain.bit_generator.state

    def set_state(self, state: Any) -> Generator:
        """Go on from a state."""
        self.plain.bit_generator.state = state
        return self


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Start the default generator again from a seed.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> _ = torch.manual_seed(0)
    >>> first = torch.randn(2)
    >>> _ = torch.manual_seed(0)
    >>> torch.equal(first, torch.randn(2))
    True
    """
    return default_generator.manual_seed(seed)


def initial_seed() -> int:
    """The seed of the default generator."""
    return default_generator.initial_seed()


def seed() -> int:
    """Start the default generator from a seed of the operating system's."""
    return default_generator.manual_seed(int(numpy.random.SeedSequence().generate_state(1)[0])).initial_seed()


def source(generator: Generator | None) -> Any:
    """NumPy's generator behind a generator of ours, or behind the default one."""
    return (generator or default_generator).plain


def _drawn(values: Any, dtype: Any, requires_grad: bool, device: Any, frame: Any) -> Any:
    kind = default_real() if dtype is None else plain_dtype(dtype)
    return finish(numpy.asarray(values).astype(kind), requires_grad, device, frame)


def rand(*size: Any, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """Uniform numbers from 0 to 1."""
    return _drawn(source(generator).random(sizes_of(size)), dtype, requires_grad, device, _getframe(1))


def randn(*size: Any, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """Normal numbers of mean 0 and variance 1."""
    return _drawn(source(generator).standard_normal(sizes_of(size)), dtype, requires_grad, device, _getframe(1))


def randint(*bounds: Any, generator: Any = None, dtype: Any = None, device: Any = None) -> Any:
    """`randint(high, size)` or `randint(low, high, size)`: integers below `high`."""
    *limits, size = bounds
    low, high = (0, limits[0]) if len(limits) == 1 else limits
    made = source(generator).integers(low, high, sizes_of((size,)))
    return _drawn(made, "i8" if dtype is None else dtype, False, device, _getframe(1))


def randperm(n: int, *, generator: Any = None, dtype: Any = None) -> Any:
    """The integers below n in a random order."""
    return _drawn(source(generator).permutation(n), "i8" if dtype is None else dtype, False, None, _getframe(1))


def rand_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Any:
    """`rand` in the shape and dtype of a tensor."""
    value = plain(input)
    kind = value.dtype if dtype is None else dtype
    return _drawn(default_generator.plain.random(value.shape), kind, requires_grad, None, _getframe(1))


def randn_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Any:
    """`randn` in the shape and dtype of a tensor."""
    value = plain(input)
    kind = value.dtype if dtype is None else dtype
    return _drawn(default_generator.plain.standard_normal(value.shape), kind, requires_grad, None, _getframe(1))


def normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Any = None) -> Any:
    """Normal numbers; mean and std may be tensors."""
    shape = numpy.broadcast_shapes(numpy.shape(plain(mean)), numpy.shape(plain(std))) if size is None else size
    return _drawn(source(generator).normal(plain(mean), plain(std), shape), None, False, None, _getframe(1))


def bernoulli(input: Any, *, generator: Any = None) -> Any:
    """1 with the probability that each element says, else 0."""
    value = plain(input)
    return _drawn(source(generator).random(value.shape) < value, value.dtype, False, None, _getframe(1))


def get_rng_state() -> Any:
    """The state of the default generator."""
    return default_generator.get_state()


def set_rng_state(state: Any) -> None:
    """Go on from a state of the default generator."""
    default_generator.set_state(state)
