"""A function applied to parts of an array: `apply_along_axis vectorize`, and what `frompyfunc` returns.

Not for: functions that see the whole array (`numpy.lifted` has `apply_over_axes`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from ..handle import TracedArray
from ..numpy_api import has_handle, implements
from ..primitives.shape import reshape, shape_of
from .arguments import ndim, one_axis
from .creation import array, as_dtype, asarray
from .indexing import readable
from .joining import moveaxis, stack
from .lifted import lift

__adkit__ = True


@implements(numpy.apply_along_axis)
def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """`numpy.apply_along_axis`: `func1d` of each slice along an axis; it may return a number or an array.

    Example
    -------
    >>> import adkit
    >>> f = lambda x: apply_along_axis(lambda row: row[0] * row[1], 1, x).sum()
    >>> adkit.grad(f)(numpy.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[2., 1.],
           [4., 3.]])
    """
    arr = readable(arr)
    axis = one_axis(axis, ndim(arr))
    moved = moveaxis(arr, axis, -1)
    places = list(numpy.ndindex(*shape_of(moved)[:-1]))
    if not places:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    parts = [asarray(func1d(moved[place], *args, **kwargs)) for place in places]
    each = shape_of(parts[0])
    joined = reshape(stack(parts), shape=shape_of(moved)[:-1] + each)
    # the axes of each result stand where the axis of the slices was
    rest = ndim(arr) - 1
    return moveaxis(joined, range(rest, rest + len(each)), range(axis, axis + len(each))) if each else joined


class vectorize(numpy.vectorize):
    """`numpy.vectorize`, whose function may be called with traced scalars, and may return them.

    Example
    -------
    >>> import adkit
    >>> step = vectorize(lambda a, b: a * b if a > b else a + b)
    >>> adkit.grad(lambda x: step(x, 2.0).sum())(numpy.array([1.0, 3.0]))
    array([1., 2.])
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function of each element, or of each core array of a signature."""
        if not has_handle(args) and not has_handle(kwargs.values()):
            return super().__call__(*args, **kwargs)
        if self.signature is not None:
            function = self.pyfunc if not kwargs else lambda *a: self.pyfunc(*a, **kwargs)
            return lift(numpy.vectorize._vectorize_call_with_signature)(self, function, args)  # type: ignore[attr-defined]
        return self._elementwise(args, kwargs)

    def _elementwise(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        excluded = self.excluded or set()
        varying = [i for i in range(len(args)) if i not in excluded]
        names = [name for name in kwargs if name not in excluded]
        arrays = [readable(args[i]) for i in varying] + [readable(kwargs[name]) for name in names]
        shape = numpy.broadcast_shapes(*(shape_of(a) for a in arrays))
        elements = [_elements(a, shape) for a in arrays]
        results = []
        for i in range(int(numpy.prod(shape, dtype=int))):
            given = list(args)
            for place, column in zip(varying, elements, strict=False):
                given[place] = column[i]
            named = kwargs | {name: column[i] for name, column in zip(names, elements[len(varying) :], strict=True)}
            results.append(self.pyfunc(*given, **named))
        return _gathered(results, shape, self.otypes)


def _elements(a: Any, shape: tuple[int, ...]) -> list[Any]:
    from .shaping import broadcast_to, ravel

    flat = ravel(broadcast_to(a, shape))
    return [flat[i] for i in range(shape_of(flat)[0])]


def _gathered(results: list[Any], shape: tuple[int, ...], otypes: Any) -> Any:
    """The results for each element as an array, or as a tuple of arrays."""
    if not results:
        raise ValueError("cannot call `vectorize` on size 0 inputs unless `otypes` is set")
    several = isinstance(results[0], tuple)
    columns = list(zip(*results, strict=True)) if several else [tuple(results)]
    made = [reshape(array(list(column)), shape=shape) for column in columns]
    if otypes:
        made = [as_dtype(x, kind) for x, kind in zip(made, otypes, strict=True)]
    return tuple(made) if several else made[0]


def is_python_ufunc(ufunc: Any) -> bool:
    """Whether a ufunc was made by `numpy.frompyfunc`."""
    return isinstance(ufunc, numpy.ufunc) and bool(ufunc.types) and set("".join(ufunc.types)) <= set("O->")


def call_python_ufunc(ufunc: Any, *operands: Any) -> Any:
    """What a ufunc made by `numpy.frompyfunc` returns for traced operands: traced arrays, not arrays of objects."""
    objects = [numpy.asarray(a, dtype=object) if isinstance(a, TracedArray) else a for a in map(readable, operands)]
    made = ufunc(*objects)
    return tuple(array(x) for x in made) if isinstance(made, tuple) else array(made)
