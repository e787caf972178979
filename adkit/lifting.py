"""`lift`: a function of plain NumPy code whose module's `np`, `math` and `scipy` are seen as adkit's while it runs.

NumPy gives adkit no say in `np.zeros(n)`, `np.array([x, y])` or `math.sin(x)`; a `%%grad` cell therefore sees adkit's
namespaces under the user's names, and `lift` does the same for a function outside of a notebook. Not for: what stands
in for what (`namespaces`), or cells (`adkit_jupyter.substitution`).
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import threading
from collections.abc import Callable, Iterator
from typing import Any

from .errors import InputError
from .namespaces import instance_check
from .numpy_api import substitute_for

__adkit__ = True

_lock = threading.Lock()
# id of a namespace -> how many calls see it lifted now, and per name what it was bound to and what to for now
_lifted: dict[int, tuple[int, dict[str, tuple[Any, Any]]]] = {}


def lift(f: Callable[..., Any]) -> Callable[..., Any]:
    """f, with `numpy`, `math` and `scipy` (and functions of theirs) in its module seen as adkit's while it runs.

    Arrays that it makes and fills then carry derivatives, `math`'s functions too, and so for the other functions and
    classes of its module. The names are given back when the call ends, also by an error. Names that f reads from a
    closure or a default, and functions of other modules, are as they were: lift those themselves.

    Raises `InputError` for what is no Python function.

    Example
    -------
    >>> import numpy as np
    >>> from adkit import grad
    >>> def f(x):
    ...     y = np.zeros(3)
    ...     for i in range(3):
    ...         y[i] = x**i
    ...     return y.sum()
    >>> grad(lift(f))(2.0)
    5.0
    """
    inner = f
    while isinstance(inner, functools.partial):
        inner = inner.func
    inner = inspect.unwrap(inner)
    namespace = getattr(getattr(inner, "__func__", inner), "__globals__", None)
    if namespace is None:
        raise InputError(
            f"{type(f).__name__} {getattr(f, '__name__', '')!r} is no Python function, so there is nothing to lift",
            fix="lift the function that it calls, or pass a lambda that calls it",
        )

    @functools.wraps(f)
    def lifted(*args: Any, **kwargs: Any) -> Any:
        with _seen_as_ours(namespace):
            return f(*args, **kwargs)

    return lifted


@contextlib.contextmanager
def _seen_as_ours(namespace: dict[str, Any]) -> Iterator[None]:
    """Substitute the names of a namespace; calls within calls, and of other threads, share the substitution."""
    key = id(namespace)
    with _lock:
        calls, replaced = _lifted.get(key) or (0, _substitute(namespace))
        _lifted[key] = calls + 1, replaced
    try:
        yield
    finally:
        with _lock:
            calls, replaced = _lifted.pop(key)
            if calls > 1:
                _lifted[key] = calls - 1, replaced
            else:
                _restore(namespace, replaced)


def _substitute(namespace: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    replaced: dict[str, tuple[Any, Any]] = {}
    for name, value in list(namespace.items()):
        ours = None if name.startswith("__") else substitute_for(value)
        if ours is not None and ours is not value:
            replaced[name] = value, ours
            namespace[name] = ours
    if "isinstance" not in namespace:
        replaced["isinstance"] = None, instance_check
        namespace["isinstance"] = instance_check
    return replaced


def _restore(namespace: dict[str, Any], replaced: dict[str, tuple[Any, Any]]) -> None:
    for name, (value, ours) in replaced.items():
        if namespace.get(name) is not ours:
            continue  # the function bound it anew
        if value is None:
            del namespace[name]
        else:
            namespace[name] = value
