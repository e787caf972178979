"""Whether operations are recorded: `no_grad enable_grad set_grad_enabled inference_mode`, per thread and context.

Each is a context manager and a decorator. Not for: recording itself (`operators`, `adkit.tracing`).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any

__adkit__ = True

grad_mode: ContextVar[bool] = ContextVar("adkit_torch_grad", default=True)
inference: ContextVar[bool] = ContextVar("adkit_torch_inference", default=False)


class _Mode:
    """A context manager that sets the mode, and a decorator that runs a function in it."""

    enabled = True
    within_inference: bool | None = None

    def __init__(self) -> None:
        self._tokens: list[tuple[Token[bool], Token[bool] | None]] = []

    def __enter__(self) -> None:
        second = None if self.within_inference is None else inference.set(self.within_inference)
        self._tokens.append((grad_mode.set(self.enabled), second))

    def __exit__(self, *exc: object) -> None:
        first, second = self._tokens.pop()
        grad_mode.reset(first)
        if second is not None:
            inference.reset(second)

    def _again(self) -> _Mode:
        """A mode like this one, for one more use."""
        return type(self)()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.isgeneratorfunction(function):
            return self._around_generator(function)

        @functools.wraps(function)
        def within(*args: Any, **kwargs: Any) -> Any:
            with self._again():
                return function(*args, **kwargs)

        return within

    def _around_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A generator whose own code runs in the mode, and the code that reads it does not."""

        @functools.wraps(function)
        def within(*args: Any, **kwargs: Any) -> Any:
            generator = function(*args, **kwargs)
            given = None
            while True:
                try:
                    with self._again():
                        value = generator.send(given)
                except StopIteration as end:
                    return end.value
                given = yield value

        return within


class no_grad(_Mode):
    """Within, nothing is recorded: results require no grad.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> x = torch.tensor([1.0], requires_grad=True)
    >>> with torch.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    >>> @torch.no_grad()
    ... def doubled(x):
    ...     return x * 2
    >>> doubled(x).requires_grad
    False
    """

    enabled = False

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        return super().__new__(cls) if function is None else cls()(function)

    def __init__(self, function: Callable[..., Any] | None = None) -> None:
        super().__init__()


class enable_grad(no_grad):
    """Within, operations are recorded again, also inside `no_grad`."""

    enabled = True


class set_grad_enabled(_Mode):
    """Set whether operations are recorded: from now on as a call, or within as a context manager.

    Example
    -------
    >>> import adkit.styles.pytorch as torch
    >>> with torch.set_grad_enabled(False):
    ...     torch.is_grad_enabled()
    False
    >>> torch.is_grad_enabled()
    True
    """

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.enabled = bool(mode)
        self._before: Token[bool] | None = grad_mode.set(self.enabled)

    def __enter__(self) -> None:
        if self._before is not None:
            self._tokens.append((self._before, None))
            self._before = None
        else:
            super().__enter__()

    def _again(self) -> _Mode:
        return type(self)(self.enabled)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if self._before is not None:
            grad_mode.reset(self._before)
            self._before = None
        return super().__call__(function)


class inference_mode(_Mode):
    """`no_grad` under the name for code that only evaluates; the tensors made within are ordinary ones here."""

    def __new__(cls, mode: Any = True) -> Any:
        return cls()(mode) if callable(mode) else super().__new__(cls)

    def __init__(self, mode: Any = True) -> None:
        super().__init__()
        self.within_inference = mode if isinstance(mode, bool) else True
        self.enabled = not self.within_inference

    def _again(self) -> _Mode:
        return type(self)(self.within_inference)


def is_grad_enabled() -> bool:
    """Whether operations are recorded now."""
    return grad_mode.get()


def is_inference_mode_enabled() -> bool:
    """Whether `inference_mode` is on."""
    return inference.get()
