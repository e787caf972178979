"""Layers as functions of a tree of parameters: `linear`, and `dropout`, which has none.

A network is a Python function that calls them, and its parameters are a dict or list of theirs. Not for: classes of
layers (`adkit.styles.pytorch`).
"""

from __future__ import annotations

from typing import Any

import numpy

from .. import backends
from ..dtypes import numpy_dtype
from ..errors import InputError, ModeError
from ..handle import TracedArray
from ..numpy.arguments import operand
from ..primitives.shape import shape_of

__adkit__ = True


def linear(params: dict[str, Any], x: Any) -> Any:
    """x @ weight + bias, where weight has the shape (inputs, outputs); a layer without bias has no such entry.

    Example
    -------
    >>> import numpy as np
    >>> linear({"weight": np.array([[1.0], [2.0]]), "bias": np.array([0.5])}, np.array([[1.0, 1.0]]))
    array([[3.5]])
    """
    made = operand(x) @ params["weight"]
    return made + params["bias"] if "bias" in params else made


def linear_init(
    rng: Any, inputs: int, outputs: int, *, scheme: str = "uniform", bias: bool = True, dtype: Any = numpy.float64
) -> dict[str, Any]:
    """Parameters of a `linear` layer, drawn at random.

    Parameters
    ----------
    rng: a `numpy.random.Generator`, or the seed of one.
    scheme: "uniform" draws weight and bias from ±1/√inputs, as PyTorch does; "glorot" draws weights from
        ±√(6 / (inputs + outputs)), as Keras does (Glorot and Bengio, 2010); "he" draws normal ones of variance
        2 / inputs, for layers before a relu (He and others, 2015). The bias of the last two is 0.

    Raises `ModeError` for another scheme.

    Example
    -------
    >>> {name: p.shape for name, p in linear_init(0, 5, 4).items()}
    {'weight': (5, 4), 'bias': (4,)}
    """
    rng = numpy.random.default_rng(rng)
    shape = (inputs, outputs)
    offset = numpy.zeros(outputs)
    if scheme == "uniform":
        bound = inputs**-0.5 if inputs else 0.0
        weight, offset = rng.uniform(-bound, bound, shape), rng.uniform(-bound, bound, outputs)
    elif scheme == "glorot":
        bound = (6 / max(1, inputs + outputs)) ** 0.5
        weight = rng.uniform(-bound, bound, shape)
    elif scheme == "he":
        weight = rng.normal(0.0, (2 / max(1, inputs)) ** 0.5, shape)
    else:
        raise ModeError(f"scheme={scheme!r} is not known", fix="use 'uniform', 'glorot' or 'he'")
    made = {"weight": weight.astype(dtype)}
    return {**made, "bias": offset.astype(dtype)} if bias else made


def dropout(x: Any, rate: float = 0.5, rng: Any = None, *, training: bool = True) -> Any:
    """x with each element set to 0 with probability `rate`, and the others divided by 1 − rate.

    Parameters
    ----------
    rng: a `numpy.random.Generator`, whose state moves on with each call; or the seed of one, with which every call
        drops the same elements. What is dropped is a constant of the recording.
    training: False returns x as it is.

    Raises `InputError` for a rate outside of 0 … 1, and for training without `rng`.

    Example
    -------
    >>> import numpy as np
    >>> dropout(np.ones(6), 0.5, rng=0)
    array([2., 0., 0., 0., 2., 2.])
    >>> dropout(np.ones(3), 0.5, training=False)
    array([1., 1., 1.])
    """
    if not 0 <= rate <= 1:
        raise InputError(f"dropout has a rate from 0 to 1, not {rate}", fix="pass the share of elements to drop")
    x = operand(x)
    if not training or rate == 0:
        return x
    if rng is None:
        raise InputError(
            "dropout needs a source of random numbers while training",
            fix="pass rng=numpy.random.default_rng(seed), or training=False",
        )
    kept = numpy.random.default_rng(rng).random(shape_of(x)) >= rate
    scale = numpy.asarray(kept, numpy_dtype(x)) * numpy_dtype(x).type(1 / (1 - rate) if rate < 1 else 0)
    plain = x.value if isinstance(x, TracedArray) else x
    return x * (backends.asarray_like(scale, plain) if backends.backend_of(plain) is not None else scale)
