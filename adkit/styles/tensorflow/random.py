"""`tf.random`: normal, uniform and other numbers from one generator of NumPy's, set by `set_seed`.

The numbers are others than TensorFlow's for the same seed. No derivative passes a random number.
"""

from __future__ import annotations

from typing import Any

import numpy

from .arrays import _shape, plain
from .dtypes import as_dtype
from .elementwise import tensor
from .tensor import Tensor

__adkit__ = True
__path__: list[str] = []  # `from tensorflow.random import X` asks for a module X before it gives up


class _Source:
    """The generator, made when first needed."""

    generator: Any = None

    def __call__(self, seed: Any = None) -> Any:
        if self.generator is None:
            self.generator = numpy.random.default_rng()
        return self.generator


_source = _Source()


def set_seed(seed: int) -> None:
    """Let the numbers that follow be those that belong to a seed.

    Example
    -------
    >>> set_seed(1)
    >>> a = normal([2])
    >>> set_seed(1)
    >>> bool((a == normal([2])).numpy().all())
    True
    """
    _source.generator = numpy.random.default_rng(seed)


def generator(seed: int | None = None) -> Any:
    """NumPy's generator behind this module; a fresh one for a seed of one's own."""
    return _source() if seed is None else numpy.random.default_rng(seed)


def normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = "float32",
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normally distributed numbers; `seed` draws from a generator of this call's own."""
    drawn = generator(seed).normal(size=_shape(shape)) * _number(stddev) + _number(mean)
    return Tensor(numpy.asarray(drawn, as_dtype(dtype).numpy_dtype)[()])


def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = "float32",
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normally distributed numbers, those further than two deviations from the mean drawn again."""
    source = generator(seed)
    drawn = numpy.asarray(source.normal(size=_shape(shape)))
    while (far := numpy.abs(drawn) > 2).any():
        drawn[far] = source.normal(size=int(far.sum()))
    return Tensor((drawn * _number(stddev) + _number(mean)).astype(as_dtype(dtype).numpy_dtype)[()])


def uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = "float32",
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Evenly distributed numbers from minval to before maxval (1 for floats; integers need it)."""
    wanted, source = as_dtype(dtype), generator(seed)
    if wanted.is_integer:
        drawn = source.integers(plain(minval), plain(maxval), size=_shape(shape))
    else:
        drawn = source.uniform(_number(minval), 1.0 if maxval is None else _number(maxval), size=_shape(shape))
    return Tensor(numpy.asarray(drawn, wanted.numpy_dtype)[()])


def shuffle(value: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """The slices along the first axis in a random order."""
    from .arrays import gather

    made = tensor(value)
    return gather(made, generator(seed).permutation(made._value.shape[0]))


def _number(value: Any) -> Any:
    return tensor(value)._value


def __getattr__(name: str) -> Any:
    from .refusals import absent

    raise absent("random", name)
