"""The completeness table: for every public name of `numpy`, `numpy.linalg` and `numpy.fft`, and for every function of
NumPy that dispatches, what adkit does with it.

There are three kinds and no fourth. *Implemented*: it has a derivative. *Constant*: it has none by nature, and works on
traced arguments with NumPy's value. *Refused*: an error that shows the reason given here. Implemented is whatever is
registered (`numpy_api.FUNCTIONS`, `tracing.UFUNCS`, …) and not listed under `CONSTANT`; the rest is derived from
what the name is bound to: a type, a number, a comparison. A name that is none of these has no home (`homeless`), which
a test does not allow: what a new NumPy adds has to be looked at.

`python -m adkit.numpy.census` prints the table as Markdown; it is `docs/numpy-coverage.md`. Not for: the functions
themselves.
"""

from __future__ import annotations

import functools
import importlib
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy

from .. import numpy_api
from ..primitive import CONSTANT as NO_DERIVATIVE
from ..primitive import Elementwise
from ..tracing import UFUNCS

__adkit__ = True

IMPLEMENTED, CONSTANT_KIND, REFUSED_KIND = "implemented", "constant", "refused"


class Entry(NamedTuple):
    """One name: `kind` is "implemented", "constant" or "refused"; `note` says why, where that is not plain."""

    name: str
    kind: str
    note: str
    dispatches: bool  # plain NumPy reaches adkit with traced arguments; else `adkit.numpy` (and `%%grad`) does


class Refusal(NamedTuple):
    """Why a name is refused, and what to write instead."""

    reason: str
    fix: str


# ------------------------------------------------------------------------------------------------ refused

_STOP = "pass adkit.stop_gradient(x)"
_FILE = Refusal("a file holds plain numbers, which have no derivative", _STOP)
_MATRIX = Refusal(
    "matrix objects are NumPy's own arrays, which hold plain numbers", "use a 2-d array, and @ for products"
)
_ITERATOR = Refusal(
    "it iterates in C over the memory of plain arrays", "write a loop over numpy.ndindex(x.shape), or over x.flat"
)

REFUSED: dict[str, Refusal] = {
    **dict.fromkeys(("numpy.save", "numpy.savez", "numpy.savez_compressed", "numpy.savetxt"), _FILE),
    **dict.fromkeys(("numpy.matrix", "numpy.asmatrix", "numpy.bmat"), _MATRIX),
    **dict.fromkeys(("numpy.nditer", "numpy.nested_iters"), _ITERATOR),
    "numpy.memmap": _FILE,
}

# modules whose dispatching functions are refused as a whole
REFUSED_MODULES: dict[str, Refusal] = {
    "numpy.strings": Refusal("it works on text, and traced arrays hold numbers", "format the value: f'{x}'"),
    "numpy.char": Refusal("it works on text, and traced arrays hold numbers", "format the value: f'{x}'"),
    "numpy.lib.recfunctions": Refusal(
        "it works on arrays of records, and traced arrays hold numbers", "keep one array per field"
    ),
}

# ------------------------------------------------------------------------------------------------ constant

# note -> names of functions; those without a module are numpy's
CONSTANT: dict[str, str] = {
    "a position": "argmax argmin argpartition argsort argwhere digitize flatnonzero lexsort nanargmax nanargmin "
    "nonzero ravel_multi_index searchsorted unravel_index",
    "a question about values": "all allclose any array_equal array_equiv count_nonzero isclose iscomplex isin in1d "
    "isneginf isposinf isreal linalg.matrix_rank",
    "piecewise constant": "around fix round",
    "a question about shape, dtype or memory": "broadcast_shapes can_cast common_type einsum_path iscomplexobj isdtype "
    "isfortran isrealobj isscalar issubdtype iterable may_share_memory min_scalar_type mintypecode ndim promote_types "
    "result_type shape shares_memory size typename",
    "of integers": "gcd lcm bitwise_count packbits unpackbits",
    "text": "array2string array_repr array_str base_repr binary_repr format_float_positional format_float_scientific "
    "info",
    "positions by counts": "diag_indices diag_indices_from indices ix_ mask_indices tril_indices tril_indices_from "
    "triu_indices triu_indices_from",
    "made of counts": "bartlett blackman eye fft.fftfreq fft.rfftfreq hamming hanning identity tri",
    "read from outside": "frombuffer fromfile fromregex fromstring genfromtxt load loadtxt",
    "dates": "busday_count busday_offset datetime_as_string datetime_data is_busday isnat",
    "settings and information": "get_include get_printoptions getbufsize geterr geterrcall printoptions "
    "set_printoptions setbufsize seterr seterrcall show_config show_runtime test linalg.test fft.test",
    "zeros, which a traced value can be assigned to": "empty empty_like ones ones_like zeros zeros_like",
}
_CONSTANT = {f"numpy.{name}": note for note, names in CONSTANT.items() for name in names.split()}

# classes and objects that compute with arrays
IMPLEMENTED_OBJECTS = frozenset(
    f"numpy.{name}" for name in "r_ c_ mgrid ogrid vectorize broadcast ndenumerate poly1d frompyfunc".split()
)
CONSTANT_OBJECTS = {
    **dict.fromkeys(("numpy.s_", "numpy.index_exp", "numpy.ndindex"), "makes indices"),
    "numpy.errstate": "settings and information",
}


# ------------------------------------------------------------------------------------------------ the walk


def surface() -> Iterator[tuple[str, Any]]:
    """Every public name of `numpy`, `numpy.linalg` and `numpy.fft` but the submodules, with what it is bound to."""
    for space in (numpy, numpy.linalg, numpy.fft):
        for name in sorted(vars(space)):
            member = getattr(space, name)
            if not name.startswith("_") and not isinstance(member, types.ModuleType):
                yield f"{space.__name__}.{name}", member


def others() -> Iterator[tuple[str, Any]]:
    """The public functions and ufuncs of NumPy that dispatch and are found elsewhere, under their own names."""
    for module in ("numpy.lib.recfunctions", "numpy.polynomial", "numpy.strings", "numpy.char", "numpy.ma"):
        importlib.import_module(module)  # only the functions of imported modules are listed
    from numpy.testing import overrides

    seen = {id(member) for _, member in surface()}
    found = {}
    for function in overrides.get_overridable_numpy_array_functions():
        public = getattr(numpy, function.__name__, None)  # what `like=` dispatches on has the name of the function
        if id(function) not in seen and (function.__module__ != "numpy" or public is None):
            found[numpy_api.name_of(function)] = function
    for ufunc in overrides.get_overridable_numpy_ufuncs():
        if id(ufunc) not in seen and not hasattr(numpy, ufunc.__name__):  # such as the one inside `numpy.clip`
            found[numpy_api.name_of(ufunc)] = ufunc
    yield from sorted((name, f) for name, f in found.items() if not name.rpartition(".")[2].startswith("_"))


def entry_of(name: str, member: Any) -> Entry | None:
    """What adkit does with a name; `None` if nobody has decided that."""
    made = _kind(name, member)
    return None if made is None else Entry(name, *made, dispatches(member))


def dispatches(member: Any) -> bool:
    """Whether NumPy itself hands traced arguments of a function to adkit."""
    return isinstance(member, (numpy.ufunc, type(numpy.sum)))


def _kind(name: str, member: Any) -> tuple[str, str] | None:
    refused = refusal(name)
    if refused is not None:
        return REFUSED_KIND, refused.reason
    if name in _CONSTANT:
        return CONSTANT_KIND, _CONSTANT[name]
    if name in IMPLEMENTED_OBJECTS:
        return IMPLEMENTED, ""
    if name in CONSTANT_OBJECTS:
        return CONSTANT_KIND, CONSTANT_OBJECTS[name]
    if isinstance(member, numpy.ufunc):
        return _kind_of_ufunc(member)
    if isinstance(member, type):
        return _kind_of_type(member)
    if not callable(member) and isinstance(member, (bool, numpy.bool, int, float, str, tuple, dict, type(None))):
        return CONSTANT_KIND, "a plain value"
    return (IMPLEMENTED, "") if _is_registered(member) else None


def _kind_of_ufunc(ufunc: Any) -> tuple[str, str] | None:
    """A ufunc without a partial derivative is a comparison, a rounding or an operation on integers."""
    row = UFUNCS.get(ufunc)
    if ufunc in numpy_api.UFUNC_FUNCTIONS:
        return IMPLEMENTED, ""
    if row is None:
        return None
    derivative = row.smooth or any(row.partials) if isinstance(row, Elementwise) else row.kind != NO_DERIVATIVE
    return (IMPLEMENTED, "") if derivative else (CONSTANT_KIND, "piecewise constant")


def _kind_of_type(member: type) -> tuple[str, str] | None:
    if issubclass(member, numpy.generic):
        return CONSTANT_KIND, "a scalar type; converting a traced value to it raises LeakError"
    if issubclass(member, BaseException) or member.__name__ in _TYPES:
        return CONSTANT_KIND, "a type"
    return None


_TYPES = frozenset("busdaycalendar dtype finfo flatiter iinfo ndarray recarray ufunc".split())


def _is_registered(member: Any) -> bool:
    try:
        return numpy_api.function_for(member) is not None or _substituted(member)
    except TypeError:  # not hashable
        return False


def _substituted(member: Any) -> bool:
    """Whether `adkit.numpy` has a function of its own in the place of one that does not dispatch."""
    from ..namespaces import substitute_for

    made = substitute_for(member)
    return made is not None and not getattr(made, "refuses", False)


def refusal(name: str) -> Refusal | None:
    """Why a function is refused, by the name that `numpy_api.name_of` gives it; `None` if it is not."""
    return REFUSED.get(name) or REFUSED_MODULES.get(name.rpartition(".")[0])


def constant_note(name: str) -> str | None:
    """Why a function has no derivative by nature; `None` if it is not listed as such."""
    return _CONSTANT.get(name)


@functools.cache
def census() -> tuple[Entry, ...]:
    """The table: one entry per name that has a home, by name."""
    found = (entry_of(name, member) for name, member in (*surface(), *others()))
    return tuple(sorted((entry for entry in found if entry is not None), key=lambda entry: _order(entry.name)))


def homeless() -> list[str]:
    """The names about which nobody has decided: they belong in a table here, or lack an implementation.

    Example
    -------
    >>> "numpy.sin" in homeless()
    False
    """
    return [name for name, member in (*surface(), *others()) if entry_of(name, member) is None]


def _order(name: str) -> tuple[str, str, str]:
    module, _, last = name.rpartition(".")
    return module, last.lower(), last


# ------------------------------------------------------------------------------------------------ as a document

_HEAD = """# What adkit does with each name of NumPy

Made by `python -m adkit.numpy.census > docs/numpy-coverage.md` with NumPy {version}. A test keeps it true.

* **implemented**: it has a derivative, in both modes.
* **constant**: it has none by nature; on traced arguments it gives NumPy's value.
* **refused**: an error at the user's line, which shows the reason.

A name with a ✓ is reached from plain NumPy, by its own dispatch. The others are reached through `adkit.numpy`, which a
`%%grad` cell sees in the place of `numpy`.

| kind | names |
|---|---|
{summary}
"""


def markdown() -> str:
    """The table as a Markdown document."""
    entries = census()
    count = {kind: sum(e.kind == kind for e in entries) for kind in (IMPLEMENTED, CONSTANT_KIND, REFUSED_KIND)}
    summary = "\n".join(f"| {kind} | {n} |" for kind, n in count.items())
    version = ".".join(numpy.__version__.split(".")[:2])
    parts = [_HEAD.format(version=version, summary=summary)]
    for module in dict.fromkeys(entry.name.rpartition(".")[0] for entry in entries):
        rows = [_row(entry) for entry in entries if entry.name.rpartition(".")[0] == module]
        parts.append(f"## {module}\n\n| name | ✓ | kind | note |\n|---|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _row(entry: Entry) -> str:
    tick = "✓" if entry.dispatches else ""
    return f"| `{entry.name.rpartition('.')[2]}` | {tick} | {entry.kind} | {entry.note} |"


if __name__ == "__main__":
    print(markdown(), end="")
