"""What is written or asked about an array, without a derivative: its text, its memory, and functions of `like=`.

Not for: dtypes (`numpy.promotion`), shapes (`numpy.shaping`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from ..backends import to_numpy
from ..handle import TracedArray
from ..numpy_api import implements

__adkit__ = True


def _value(x: Any) -> Any:
    return to_numpy(x.value) if isinstance(x, TracedArray) else x


def _of_values(name: str) -> Callable[..., Any]:
    function = getattr(numpy, name)

    @implements(function)
    def ask(*args: Any, **options: Any) -> Any:
        return function(*map(_value, args), **options)

    ask.__name__ = ask.__qualname__ = name
    ask.__doc__ = f"`numpy.{name}` of the values."
    return ask


array2string, array_repr, array_str = map(_of_values, ("array2string", "array_repr", "array_str"))
may_share_memory, shares_memory = map(_of_values, ("may_share_memory", "shares_memory"))


def _without_like(name: str) -> Callable[..., Any]:
    function = getattr(numpy, name)

    @implements(function)
    def create(*args: Any, like: Any = None, **options: Any) -> Any:
        return function(*args, **options)

    create.__name__ = create.__qualname__ = name
    create.__doc__ = f"`numpy.{name}`; `like` says nothing more than that the result may meet traced arrays."
    return create


frombuffer, fromfile, fromstring = map(_without_like, ("frombuffer", "fromfile", "fromstring"))
genfromtxt, loadtxt = map(_without_like, ("genfromtxt", "loadtxt"))
