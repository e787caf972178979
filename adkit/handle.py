"""`TracedArray`: the handle that the user's code computes with instead of an array or number.

It has the shape, dtype and conversions of an array. Its operators are attached by `operators`, indexing and assignment
by `storage`, its methods by `numpy.methods`, NumPy's protocols by `tracing`.

Not for: what an operation records (`tracing`).
"""

from __future__ import annotations

import math
import opcode
import sys
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy

from .dtypes import numpy_dtype
from .errors import LeakError
from .formatting import number
from .formatting import shape as written_shape
from .nodes import open_recording, state
from .source import is_call_of, is_library, user_line

__adkit__ = True

_getframe = sys._getframe
_methods: Any = sys.modules.get("numpy._core._methods")
_CONVERTING = frozenset(
    id(getattr(_methods, name).__code__) for name in ("_mean", "_var", "_std") if hasattr(_methods, name)
)
# functions of `numpy.polynomial` that ask `isinstance(x, ndarray)` and are not dispatched
_EVALUATING = frozenset("polyval polyvalfromroots chebval legval lagval hermval hermeval".split())


class TracedArray:
    """What the user's code holds while it is traced: a handle onto the node of its present value.

    Behaves as the NumPy array or scalar `value` would: operators, methods, ufuncs and functions, indexing,
    assignment. Its `node` is `None` as long as it depends on no input (an array made by `adkit.numpy.zeros`, say).
    """

    __slots__ = ("node", "value", "cell", "__weakref__")
    __array_priority__ = 1000
    __hash__ = object.__hash__

    cell: Any  # storage's `Cell`, unset until the array is assigned to or viewed

    def __init__(self, node: Any, value: Any) -> None:
        self.node = node
        self.value = value

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """`TracedArray`; an array to NumPy's evaluation of polynomials, which would choose another shape, and what the
        value is to `case float():`, which would take another branch.
        """
        frame = _getframe(1)
        code = frame.f_code
        if code.co_name in _EVALUATING and self.shape and "polynomial" in code.co_filename:
            return numpy.ndarray
        if frame.f_lasti >= 0 and code.co_code[frame.f_lasti] == _MATCH_CLASS:
            return type(self.value)
        return TracedArray

    if TYPE_CHECKING:  # attached by `storage`, `operators`, `tracing` and `numpy.methods`

        def __getitem__(self, index: Any) -> Any: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...
        def __getattr__(self, name: str) -> Any: ...

    def share(self) -> None:
        """Note that something else now holds the value's buffer, so that the next assignment copies it first."""
        cell = getattr(self, "cell", None)
        if cell is not None:
            cell.owned = False

    # -- NumPy's protocols

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        from . import numpy as namespace
        from .numpy.standard import check_version

        check_version(api_version)
        return namespace

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if self.node is None:
            return numpy.array(self.value, dtype=dtype)
        if self.dtype.kind in "biu":
            self._guard(_getframe(1))
            return numpy.array(self.value, dtype=dtype)
        if _is_shown(_getframe(1)):
            return numpy.array(self.value, dtype=dtype)
        if dtype is not None and dtype is not object and numpy.dtype(dtype) != numpy.dtype(object):
            raise leak(
                "an array of type " + str(numpy.dtype(dtype)),
                "use adkit.numpy.array, or differentiate adkit.lift(f) in the place of f",
            )
        result = numpy.empty(self.shape, dtype=object)
        for index in numpy.ndindex(*self.shape):
            result[index] = self[index] if index else self
        return result

    # -- becoming a Python value

    def _guard(self, frame: FrameType, truth: bool | None = None) -> None:
        record = open_recording.get()
        if record is not None and self.node is not None:
            record.guard(self.node, _outcome(self.value if truth is None else truth), frame)

    def __bool__(self) -> bool:
        outcome = bool(self.value)
        self._guard(_getframe(1), outcome)
        return outcome

    def _is_constant(self) -> bool:
        """Whether the value has no derivative: it depends on no input, or is an integer, or piecewise constant."""
        if self.node is None or self.dtype.kind in "biu":
            return True
        from .sweeps.order import varies

        return not varies(self.node)

    def _as_integer(self, what: str) -> int:
        if self._is_constant():
            self._guard(_getframe(2))
            return int(self.value)
        if _is_shown(_getframe(2)):
            return int(self.value)
        raise leak(what, "keep the array, or write adkit.stop_gradient(x) if no derivative is wanted there")

    def __int__(self) -> int:
        """A guard where the user's code says `int(x)`, which is piecewise constant; a leak where something else, such
        as an assignment into an array of integers, would cut off what stands behind the point.
        """
        frame = _getframe(1)
        if self.dtype.kind == "f" and not self.shape and not self._is_constant() and is_call_of(frame, "int"):
            from .numpy.methods import whole

            return whole(self, "trunc", frame)
        return self._as_integer("int(...)")

    def __index__(self) -> int:
        if self.dtype.kind not in "iu":
            if self.node is None or self.dtype.kind == "b":
                raise TypeError(f"only an integer can be an index, not {self.dtype}")
            raise leak("an index or a count", "pass counts and indices as plain integers that are not differentiated")
        return self._as_integer("an index")

    def __float__(self) -> float:
        if self._is_constant():
            self._guard(_getframe(1))
            return float(self.value)
        if _is_shown(_getframe(1)):
            return float(self.value)
        fix = (
            "leave float(...) out; call numpy's functions, not math's, or differentiate adkit.lift(f) in the place of f"
        )
        raise leak("a plain float", fix)

    def __complex__(self) -> complex:
        if self.node is None:
            return complex(self.value)
        raise leak("a plain complex", "keep the traced value: arithmetic and numpy's functions take it")

    def item(self, *index: Any) -> Any:
        """The one element as a Python scalar; an error for a value whose derivative that would lose."""
        chosen = self[index] if index else self
        if not isinstance(chosen, TracedArray) or chosen._is_constant():
            if is_traced(chosen):
                chosen._guard(_getframe(1))
            return numpy.asarray(untraced(chosen)).item()
        raise leak(".item()", "leave .item() out: a traced scalar computes like a number")

    def tolist(self) -> Any:
        """Nested lists of the elements, each still traced."""
        if self.node is None:
            return numpy.asarray(self.value).tolist()
        if self.ndim == 0:
            return self
        return [element.tolist() if isinstance(element, TracedArray) else element for element in self]

    # -- shape and type

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return getattr(self.value, "shape", ())

    @property
    def dtype(self) -> Any:
        """The dtype of the value; that of a Python scalar is float64, int64, complex128 or bool.

        NumPy's mean, variance and deviation of a list of traced values find none, and so divide instead of converting.
        """
        if id(_getframe(1).f_code) in _CONVERTING:
            raise AttributeError("dtype")
        value = self.value
        return numpy_dtype(value)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def device(self) -> Any:
        """The device of the value as its array library names it; "cpu" for NumPy."""
        return getattr(self.value, "device", "cpu")

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(self.shape[0]))

    def __contains__(self, element: Any) -> bool:
        return bool((self == element).any())

    def __repr__(self) -> str:
        return f"TracedArray({self.value!r})"

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(self.value, spec)

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def __reduce__(self) -> Any:
        raise leak("a pickle", "pickle the trace's Wengert list, or the plain value after the derivative was taken")


def is_traced(value: Any) -> bool:
    """Whether `value` is a handle that depends on something traced."""
    return isinstance(value, TracedArray) and value.node is not None


def _outcome(value: Any) -> str:
    """A guard's outcome in words: true, false, a number, or the size of an array."""
    if getattr(value, "shape", ()):
        return "an array of shape " + written_shape(value.shape)
    return number(bool(value) if numpy_dtype(value).kind == "b" else value)


_MATCH_CLASS, _BINARY_OP = opcode.opmap["MATCH_CLASS"], opcode.opmap["BINARY_OP"]
_REMAINDER = (6, 19)  # CPython's arguments of BINARY_OP for % and %=


def _is_shown(frame: FrameType | None) -> bool:
    """Whether a plain value is asked for only to be shown: by the formatting of text (`"%.3f" % x`) or by matplotlib.

    No derivative is lost there: neither text nor a picture comes back into the computation.
    """
    if frame is None:
        return False
    code, place = frame.f_code.co_code, frame.f_lasti
    if place >= 0 and code[place] == _BINARY_OP and code[place + 1] in _REMAINDER:
        return True  # of a str or bytes: a number's % would have come to `__rmod__`
    return "matplotlib" in sys.modules and _is_drawn(frame)


def _is_drawn(frame: FrameType) -> bool:
    """Whether matplotlib asks for a value to draw it. What it computes with the value, such as the edges of a
    histogram or a spectrum, may come back to its caller; then that must not use it.
    """
    caller: FrameType | None = frame
    while caller is not None and is_library(caller):
        caller = caller.f_back
    drawing, computing = False, False
    while caller is not None:
        module = str(caller.f_globals.get("__name__"))
        if module.partition(".")[0] in _DRAWING:
            drawing = True
            computing = computing or caller.f_code.co_name in _COMPUTING or module == "matplotlib.mlab"
        elif not is_library(caller):
            break
        caller = caller.f_back
    return drawing and not (computing and (caller is None or not _is_result_dropped(caller)))


def _is_result_dropped(frame: FrameType) -> bool:
    """Whether what a frame calls now returns to nobody."""
    code, place = frame.f_code.co_code, frame.f_lasti + 2
    while place < len(code) and code[place] == _CACHE:
        place += 2
    return place < len(code) and code[place] == _POP_TOP


_CACHE, _POP_TOP = opcode.opmap["CACHE"], opcode.opmap["POP_TOP"]
_COMPUTING = frozenset(
    "hist hist2d hexbin psd csd cohere specgram magnitude_spectrum angle_spectrum phase_spectrum acorr xcorr".split()
)
_DRAWING = ("matplotlib", "mpl_toolkits")


def untraced(value: Any) -> Any:
    """The plain value behind a handle; anything else as it is."""
    if isinstance(value, TracedArray):
        plain = value.value
        value.share()
        return plain
    return value


def leak(what: str, fix: str) -> LeakError:
    """The error for a traced value that is about to become `what` and lose its derivative, at the user's line.

    Where that is an assignment into a plain array (`y = numpy.zeros(n); y[i] = x`), it is said of that.
    """
    frame = _getframe(2)
    filename, line = user_line(frame)
    message = f"a traced value would become {what} and lose its derivative"
    if _is_assigning(frame):
        message, fix = "a traced value would be stored in a plain array and lose its derivative", MAKE_THE_ARRAY
        if "int" in what:
            message = "a traced value would be stored in an array of integers and lose its derivative"
            fix = "make it with dtype=float, with adkit.numpy or in a function that adkit.lift(f) runs"
    state.leak = (message, fix, filename, line)
    return LeakError(message, fix=fix, filename=filename, line=line)


MAKE_THE_ARRAY = "make the array with adkit.numpy.zeros, or differentiate adkit.lift(f) in the place of f"
_ASSIGNMENTS = frozenset(opcode.opmap[name] for name in ("STORE_SUBSCR", "STORE_SLICE") if name in opcode.opmap)


def _is_assigning(frame: FrameType | None) -> bool:
    """Whether the first frame that is not adkit's is at an assignment to a subscript."""
    while frame is not None and "__adkit__" in frame.f_globals:
        frame = frame.f_back
    return frame is not None and frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] in _ASSIGNMENTS
