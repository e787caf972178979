"""What to say where an array of a library that adkit does not compute with is met: its name, and the way to pass it.

Not for: the conversion (`dlpack`, `torch`).
"""

from __future__ import annotations

import builtins
import re
from typing import Any

__adkit__ = True

_MIXED = re.compile(r"TracedArray.*\b(Tensor|EagerTensor|ArrayImpl)\b|\b(Tensor|EagerTensor|ArrayImpl)\b.*TracedArray")
_OPERANDS = re.compile(r"unsupported operand type\(s\) for .*: '(?:\w+\.)*(\w+)' and '(?:\w+\.)*(\w+)'")
_OWN_FUNCTION = re.compile(r"(Only Array objects are allowed; got|Unsupported type) .*TracedArray")
ADAPTER = "adkit.interop.torch"


def library_of(value: Any) -> str:
    """The library of a value, by the first part of its type's module."""
    return (type(value).__module__ or "").partition(".")[0]


def is_foreign(value: Any) -> bool:
    """Whether a value that is none of adkit's arrays is one of some other library, with floats in it.

    Example
    -------
    >>> import numpy
    >>> is_foreign("text"), is_foreign(numpy.ones(2))
    (False, False)
    """
    if not hasattr(type(value), "__dlpack__") or library_of(value) in ("numpy", "adkit"):
        return False
    return "float" in str(getattr(value, "dtype", "")) or "complex" in str(getattr(value, "dtype", ""))


def fix_for(value: Any) -> str:
    """How to pass such a value to a transformation."""
    if library_of(value) == "torch":
        return f"adapt the function, as in {ADAPTER}.adapt(adkit.grad(f)), or pass arrays: {ADAPTER}.from_torch(x)"
    return "pass adkit.from_dlpack(x), which shares its memory"


def mixed(error: Exception) -> tuple[str, str] | None:
    """Message and fix for an error of a function or operation of another library that got a traced value, or `None`."""
    text = str(error)
    if not isinstance(error, TypeError) or "TracedArray" not in text:
        return None
    if _OWN_FUNCTION.search(text):
        return (
            "a function of an array library got a traced value, which only adkit's functions take",
            "take the function from the array, as in xp = x.__array_namespace__(); xp.sin(x), or use numpy's",
        )
    operands = _OPERANDS.search(text)
    if operands is not None and not _MIXED.search(text):
        other = operands[1] if operands[2] == "TracedArray" else operands[2]
        if hasattr(builtins, other) or other in ("NoneType", "TracedArray", "function"):
            return None  # which no number takes
        return (
            f"a traced value and a {other} meet in an operation that does not take both",
            "make it an array of numbers first (sparse matrices have .toarray(), labelled ones .to_numpy())",
        )
    if not _MIXED.search(text):
        return None
    return (
        "a traced value met a tensor of another library, which knows nothing of its derivative",
        f"convert the tensor first ({ADAPTER}.from_torch, adkit.from_dlpack), or wrap torch's function: "
        f"{ADAPTER}.wrap(f)",
    )
