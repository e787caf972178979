"""One case per row of the table of primitives: how it is called, on operands of which shapes and from which domains.

`test_table.py` fails for a row that has no case here or in a module `rows_<family>` beside this one, which may define
`CASES`, `CONSTANT_CASES` and `STRUCTURAL` as below, and `DOMAINS`, `SHAPES`, `SIGNED_ROWS`, `COMPLEX_ROWS` and `NOT_ANALYTIC` for elementwise rows.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

import numpy as np

import adkit
import adkit.primitives.softmax
import adkit.primitives.special
from adkit.primitive import ELEMENTWISE, REGISTRY

from .case import SIGNED, UNIT, Case, Domain, cases_of, well_conditioned

UNARY_SHAPES = [((3,),), ((),), ((0,),), ((2, 3),)]
BINARY_SHAPES = [((2, 3), (3,)), ((2, 1), (1, 3)), ((), (3,)), ((2,), ()), ((), ()), ((0, 3), (1, 3))]
TERNARY_SHAPES = [((2, 3), (3,), ()), ((3,), (2, 1), (2, 3)), ((), (), ()), ((0,), (0,), (1,))]
ELEMENTWISE_SHAPES = {1: UNARY_SHAPES, 2: BINARY_SHAPES, 3: TERNARY_SHAPES}
UNWALKED: set[str] = set()  # rows that a family tests elsewhere
SHAPES: dict[str, list[tuple[tuple[int, ...], ...]]] = {}  # of rows that have other ones

# ------------------------------------------------------------------------------------------------ elementwise rows

DOMAINS: dict[str, tuple[Domain, ...]] = {
    "where": ("bool", SIGNED, SIGNED),
    "clip": (SIGNED, (-1.0, -0.5), (0.5, 1.0)),
    "power": ((0.3, 2.0), SIGNED),
    "power_constant": ((0.3, 2.0), 2.5),
    "remainder": (SIGNED, (0.6, 0.9)),
    "fmod": (SIGNED, (0.6, 0.9)),
    "ieee_remainder": (SIGNED, (0.6, 0.9)),
    "heaviside": (SIGNED, (0.2, 0.9)),
    "arccosh": ((1.2, 3.0),),
    "copysign": (SIGNED, SIGNED),
    "arctan2": (SIGNED, SIGNED),
    "nextafter": ((0.3, 0.9), "int"),
}
SIGNED_ROWS = set(
    "positive negative add subtract multiply strong_multiply square exp exp2 expm1 logaddexp logaddexp2 sin cos tan arctan "
    "sinh cosh tanh arcsinh deg2rad rad2deg sinc absolute fabs sign direction real imag angle maximum minimum fmax fmin relu hypot conjugate".split()
)
COMPLEX_ROWS = set(
    "positive negative add subtract multiply divide strong_multiply reciprocal power power_constant square sqrt root exp exp2 "
    "expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh sinc absolute real imag "
    "angle where direction".split()
)
NOT_ANALYTIC = {"absolute", "real", "imag", "angle", "direction"}
# rows whose operands are conditions or integers
CONDITIONS = set("logical_and logical_or logical_xor logical_not".split())
INTEGERS = set("bitwise_and bitwise_or bitwise_xor invert left_shift right_shift".split())


FAMILIES = [
    importlib.import_module(f"{__package__}.{found.name}")
    for found in pkgutil.iter_modules([__file__.rpartition("/")[0]])
    if found.name.startswith("rows_")
]
for family in FAMILIES:
    DOMAINS |= getattr(family, "DOMAINS", {})
    SIGNED_ROWS |= getattr(family, "SIGNED_ROWS", set())
    COMPLEX_ROWS |= getattr(family, "COMPLEX_ROWS", set())
    UNWALKED |= getattr(family, "STRUCTURAL", set())
    NOT_ANALYTIC |= getattr(family, "NOT_ANALYTIC", set())
    SHAPES |= getattr(family, "SHAPES", {})


def _elementwise_cases() -> list[Case]:
    cases = []
    for row in REGISTRY.values():
        if row.kind != ELEMENTWISE or row.name in CONDITIONS | INTEGERS | UNWALKED or not any(row.partials):
            continue
        domain = SIGNED if row.name in SIGNED_ROWS else UNIT
        domains = DOMAINS.get(row.name, (domain,) * row.arity)
        for shapes in SHAPES.get(row.name) or ELEMENTWISE_SHAPES[row.arity]:
            cases.append(
                Case(row.name, row, shapes, domains, row.name in COMPLEX_ROWS, row.name in COMPLEX_ROWS - NOT_ANALYTIC)
            )
    return cases


# ------------------------------------------------------------------------------------------------ other rows


def _reductions(row: str, **options: Any) -> list[Case]:
    nonempty = row in ("max", "min")
    variants = [
        (((2, 3),), {"axis": (0,), "keepdims": False}),
        (((2, 3, 2),), {"axis": (0, 2), "keepdims": True}),
        (((4,),), {"axis": (0,), "keepdims": False}),
        (((2, 2),), {"axis": (0, 1), "keepdims": False}),
        (((2, 2),), {"axis": (), "keepdims": False}),
        (((),), {"axis": (), "keepdims": False}),
        (((3, 0),), {"axis": (1,), "keepdims": True}),
        (((0, 3),), {"axis": (1,), "keepdims": False}),
    ]
    if nonempty or row == "mean":
        variants = [v for v in variants if v[0] != ((3, 0),)]
    return cases_of(row, *variants, **options)


REPEATED = np.array([1, 0, 1, 1])
MASK = np.array([True, False, True])
DIFFERENT_INDICES = [
    (slice(None, None, -1),),
    (1, ...),
    (None, slice(0, 1)),
    (REPEATED,),
    (MASK,),
    (np.array([[0, 2], [2, 1]]), 1),
    (slice(None), np.array([0, -1])),
    (np.array([2, 2]), np.array([0, 0])),
    (np.array([], dtype=int),),
]


def _indexing() -> list[Case]:
    reads, updates, adds = [], [], []
    for index in DIFFERENT_INDICES:
        part = np.zeros((3, 2))[index].shape
        reads.append((((3, 2),), {"index": index}))
        updates.append((((3, 2), part), {"index": index}))
        adds.append((((3, 2), part), {"index": index}))
    updates += [(((3, 2), ()), {"index": (slice(1, None),)}), (((3, 2), (2,)), {"index": (REPEATED,)})]
    adds += [(((3, 2), ()), {"index": (REPEATED,)}), (((3, 2), (1, 2)), {"index": (slice(None),)})]
    return [*cases_of("getitem", *reads), *cases_of("index_update", *updates), *cases_of("index_add", *adds)]


def _shapes() -> list[Case]:
    one = lambda operand, **params: ((operand,), params)  # noqa: E731
    return [
        *cases_of(
            "reshape", one((2, 3), shape=(3, 2)), one((), shape=(1, 1)), one((0, 2), shape=(2, 0)), one((1,), shape=())
        ),
        *cases_of("transpose", one((2, 3), axes=(1, 0)), one((2, 1, 3), axes=(2, 0, 1)), one((), axes=())),
        *cases_of(
            "broadcast_to",
            one((3,), shape=(2, 3)),
            one((), shape=(2,)),
            one((2, 1), shape=(0, 2, 3)),
            one((), shape=()),
        ),
        *cases_of("concatenate", (((2, 3), (1, 3)), {"axis": 0}), (((2, 1), (2, 0), (2, 2)), {"axis": 1})),
        *cases_of("stack", (((2,), (2,)), {"axis": 1}), (((), (), ()), {"axis": 0}), (((0,), (0,)), {"axis": 0})),
        *cases_of("flip", one((2, 3), axis=(0,)), one((2, 3), axis=(0, 1)), one((3,), axis=0)),
        *cases_of("roll", one((2, 3), shift=(1,), axis=(1,)), one((2, 3), shift=(1, -1), axis=(0, 1))),
        *cases_of("pad", one((2, 3), widths=((1, 0), (0, 2))), one((0,), widths=((2, 1),))),
        *cases_of("copy", one((2, 3)), one(())),
        *cases_of("conjugate", one((2, 3)), one(()), analytic=False),
        *cases_of(
            "convert", one((3,), dtype=np.dtype(complex)), one((3,), dtype=np.dtype(np.complex64)), analytic=False
        ),
        *cases_of("input", one((3,))),
    ]


def _cumulative() -> list[Case]:
    variants = [(((4,),), {"axis": 0}), (((2, 3),), {"axis": 1}), (((2, 3),), {"axis": 0}), (((0,),), {"axis": 0})]
    return [
        *cases_of("cumsum", *variants),
        *cases_of("cumprod", *variants),
        *cases_of(
            "log_softmax",
            (((4,),), {"axis": (0,)}),
            (((2, 3),), {"axis": (1,)}),
            (((2, 3),), {"axis": (0, 1)}),
            complex=False,
        ),
        *cases_of("sort", *variants, complex=False, analytic=False),
    ]


def _linalg() -> list[Case]:
    vectors = [
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((2,), (2, 3)),
        ((2, 3), (3, 2)),
        ((2, 2, 3), (3, 2)),
        ((3,), (2, 3, 2)),
        ((0, 2), (2, 3)),
    ]
    subscripts = [
        ("ij,jk->ik", ((2, 3), (3, 2))),
        ("ii->i", ((3, 3),)),
        ("ii->", ((3, 3),)),
        ("ij->j", ((2, 3),)),
        ("i,j,k->kij", ((2,), (3,), (2,))),
        ("bij,bj->bi", ((2, 2, 3), (2, 3))),
        ("ij,ij->", ((2, 3), (2, 3))),
        ("i->", ((0,),)),
        (",i->i", ((), (2,))),
    ]
    axes = [
        (((2, 3), (3, 2)), ((1,), (0,))),
        (((2, 3, 4), (4, 3)), ((1, 2), (1, 0))),
        (((2,), (3,)), ((), ())),
        (((2, 3), (2, 3)), ((1, 0), (1, 0))),
    ]
    square = [(((3, 3),), {}), (((2, 2, 2),), {}), (((1, 1),), {})]
    plus = well_conditioned
    return [
        *cases_of("matmul", *((shapes, {}) for shapes in vectors)),
        *cases_of("einsum", *((shapes, {"subscripts": text}) for text, shapes in subscripts)),
        *cases_of("tensordot", *((shapes, {"axes": pair}) for shapes, pair in axes)),
        *plus(
            "solve",
            (((3, 3), (3,)), {}),
            (((3, 3), (3, 2)), {}),
            (((2, 2, 2), (2, 2, 1)), {}),
            (((2, 2, 2), (2, 3)), {}),
        ),
        *plus("inv", *square),
    ]


CASES: list[Case] = [
    *_elementwise_cases(),
    *(case for row in ("sum", "mean", "prod") for case in _reductions(row)),
    *(case for row in ("max", "min") for case in _reductions(row, complex=False, analytic=False)),
    *cases_of("direction", *((shapes, {}) for shapes in UNARY_SHAPES), analytic=False),
    *_cumulative(),
    *_indexing(),
    *_shapes(),
    *_linalg(),
]

X = np.array([[1.5, -0.5], [0.0, 2.25]])
# rows without a derivative: operands and params, and the same computed by NumPy
CONSTANT_CASES: dict[str, tuple[tuple[Any, ...], dict[str, Any], Callable[..., Any]]] = {
    **{
        name: ((X, X.T), {}, getattr(np, name))
        for name in "greater greater_equal less less_equal equal not_equal".split()
    },
    **{name: ((X > 0, X > 1), {}, getattr(np, name)) for name in "logical_and logical_or logical_xor".split()},
    **{
        name: ((X,), {}, getattr(np, name))
        for name in "sign signbit spacing floor ceil trunc rint isfinite isinf isnan".split()
    },
    "floor_divide": ((X, 0.4), {}, np.floor_divide),
    "logical_not": ((X > 0,), {}, np.logical_not),
    "bitwise_and": ((X > 0, X > 1), {}, np.bitwise_and),
    "bitwise_or": ((X > 0, X > 1), {}, np.bitwise_or),
    "bitwise_xor": ((X > 0, X > 1), {}, np.bitwise_xor),
    "invert": ((X > 0,), {}, np.invert),
    "left_shift": ((np.array([1, 2]), 2), {}, np.left_shift),
    "right_shift": ((np.array([5, 2]), 1), {}, np.right_shift),
    "argmax": ((X,), {"axis": 1, "keepdims": False}, np.argmax),
    "argmin": ((X,), {"axis": None, "keepdims": False}, np.argmin),
    "argsort": ((X,), {"axis": 0}, np.argsort),
    "any": ((X > 0,), {"axis": (0,), "keepdims": True}, np.any),
    "all": ((X > 0,), {"axis": (0, 1), "keepdims": False}, np.all),
    "count_nonzero": ((X,), {"axis": (1,), "keepdims": False}, np.count_nonzero),
    "round": ((X,), {"decimals": 1}, np.round),
    "truncate": ((X,), {"dtype": np.dtype(int)}, lambda x, dtype: x.astype(dtype)),
    "stop_gradient": ((X,), {}, lambda x: x),
}
# rows that stand in a program but that nobody calls
STRUCTURAL = {"to_device", "constant_in", "component"}

for family in FAMILIES:
    CASES += getattr(family, "CASES", [])
    CONSTANT_CASES |= getattr(family, "CONSTANT_CASES", {})
    STRUCTURAL |= getattr(family, "STRUCTURAL", set())

CASES_OF: dict[str, list[Case]] = {}  # of each row
for case in CASES:
    CASES_OF.setdefault(case.row, []).append(case)

__all__ = ["CASES", "CASES_OF", "CONSTANT_CASES", "STRUCTURAL", "Case", "adkit"]
