"""One case per row of the table of primitives: how it is called, on operands of which shapes and from which domains.

`test_table.py` fails for a row that has no case here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

import adkit
import adkit.primitives.special
from adkit.primitive import ELEMENTWISE, REGISTRY

UNARY_SHAPES = [((3,),), ((),), ((0,),), ((2, 3),)]
BINARY_SHAPES = [((2, 3), (3,)), ((2, 1), (1, 3)), ((), (3,)), ((2,), ()), ((), ()), ((0, 3), (1, 3))]
TERNARY_SHAPES = [((2, 3), (3,), ()), ((3,), (2, 1), (2, 3)), ((), (), ()), ((0,), (0,), (1,))]
ELEMENTWISE_SHAPES = {1: UNARY_SHAPES, 2: BINARY_SHAPES, 3: TERNARY_SHAPES}

Domain = Any  # (low, high), "bool", "int", or an array or number that is used as it is


@dataclasses.dataclass(frozen=True)
class Case:
    """A way to call a row.

    `domains` has one entry per operand; operands from a domain (low, high) are differentiated. `complex` says whether the row
    takes complex operands, `analytic` whether it is a complex-analytic function of them.
    """

    row: str
    call: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    domains: tuple[Domain, ...]
    complex: bool = True
    analytic: bool = True
    note: str = ""

    @property
    def id(self) -> str:
        shapes = "-".join("x".join(map(str, shape)) or "scalar" for shape in self.shapes)
        return f"{self.row}{'.' + self.note if self.note else ''}-{shapes}"

    def operands(self, dtype: Any, seed: int = 0) -> list[Any]:
        """Operands of a dtype; those that are not differentiated keep their own."""
        random = np.random.default_rng([seed, len(self.row), *map(ord, self.row)])
        return [_operand(domain, shape, dtype, random) for domain, shape in zip(self.domains, self.shapes, strict=True)]

    @property
    def places(self) -> list[int]:
        """Which operands are differentiated."""
        return [i for i, domain in enumerate(self.domains) if isinstance(domain, tuple)]

    def of_places(self, operands: list[Any]) -> Callable[..., Any]:
        """The call as a function of the differentiated operands."""

        def f(*given: Any) -> Any:
            every = list(operands)
            for i, x in zip(self.places, given, strict=True):
                every[i] = x
            return self.call(*every)

        return f


def _operand(domain: Domain, shape: tuple[int, ...], dtype: Any, random: np.random.Generator) -> Any:
    if isinstance(domain, str):
        made = random.integers(0, 2, shape).astype(bool) if domain == "bool" else random.integers(-2, 3, shape)
        return made if shape else made[()]
    if not isinstance(domain, tuple):
        return domain
    made = random.uniform(*domain, shape)
    if np.dtype(dtype).kind == "c":
        made = made + 1j * random.uniform(-0.4, 0.4, shape)
    return np.asarray(made, dtype=dtype)[()]


# ------------------------------------------------------------------------------------------------ elementwise rows

UNIT = (0.2, 0.9)
SIGNED = (-2.0, 2.0)

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
    "zeta": (2.5, (1.2, 3.0)),
    "erfcinv": ((0.3, 1.7),),
    "nextafter": ((0.3, 0.9), "int"),
}
SIGNED_ROWS = set(
    "positive negative add subtract multiply strong_multiply square exp exp2 expm1 logaddexp logaddexp2 sin cos tan arctan "
    "sinh cosh tanh arcsinh deg2rad rad2deg sinc absolute fabs sign direction real imag angle maximum minimum fmax fmin hypot "
    "erf erfc erfcx expit log_expit ndtr log_ndtr j0 j1 i0 i1 i0e i1e conjugate".split()
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


def _elementwise_cases() -> list[Case]:
    cases = []
    for row in REGISTRY.values():
        if row.kind != ELEMENTWISE or row.name in CONDITIONS | INTEGERS or not any(row.partials):
            continue
        domain = SIGNED if row.name in SIGNED_ROWS else UNIT
        domains = DOMAINS.get(row.name, (domain,) * row.arity)
        for shapes in ELEMENTWISE_SHAPES[row.arity]:
            cases.append(
                Case(row.name, row, shapes, domains, row.name in COMPLEX_ROWS, row.name in COMPLEX_ROWS - NOT_ANALYTIC)
            )
    return cases


# ------------------------------------------------------------------------------------------------ other rows


def _cases_of(row: str, *variants: tuple[Any, ...], **options: Any) -> list[Case]:
    """Cases of one row for (shapes, params) pairs; all operands are differentiated unless domains are given."""
    primitive = REGISTRY[row]
    cases = []
    for number, (shapes, params) in enumerate(variants):
        domains = options.get("domains") or (options.get("domain", SIGNED),) * len(shapes)
        call = _with_params(primitive, params)
        flags = {k: v for k, v in options.items() if k in ("complex", "analytic")}
        cases.append(Case(row, call, shapes, domains, note=str(number), **flags))
    return cases


def _with_params(primitive: Any, params: dict[str, Any]) -> Callable[..., Any]:
    return lambda *operands: primitive(*operands, **params)


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
    return _cases_of(row, *variants, **options)


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
    return [*_cases_of("getitem", *reads), *_cases_of("index_update", *updates), *_cases_of("index_add", *adds)]


def _shapes() -> list[Case]:
    one = lambda operand, **params: ((operand,), params)  # noqa: E731
    return [
        *_cases_of(
            "reshape", one((2, 3), shape=(3, 2)), one((), shape=(1, 1)), one((0, 2), shape=(2, 0)), one((1,), shape=())
        ),
        *_cases_of("transpose", one((2, 3), axes=(1, 0)), one((2, 1, 3), axes=(2, 0, 1)), one((), axes=())),
        *_cases_of(
            "broadcast_to",
            one((3,), shape=(2, 3)),
            one((), shape=(2,)),
            one((2, 1), shape=(0, 2, 3)),
            one((), shape=()),
        ),
        *_cases_of("concatenate", (((2, 3), (1, 3)), {"axis": 0}), (((2, 1), (2, 0), (2, 2)), {"axis": 1})),
        *_cases_of("stack", (((2,), (2,)), {"axis": 1}), (((), (), ()), {"axis": 0}), (((0,), (0,)), {"axis": 0})),
        *_cases_of("flip", one((2, 3), axis=(0,)), one((2, 3), axis=(0, 1)), one((3,), axis=0)),
        *_cases_of("roll", one((2, 3), shift=(1,), axis=(1,)), one((2, 3), shift=(1, -1), axis=(0, 1))),
        *_cases_of("pad", one((2, 3), widths=((1, 0), (0, 2))), one((0,), widths=((2, 1),))),
        *_cases_of("copy", one((2, 3)), one(())),
        *_cases_of("conjugate", one((2, 3)), one(()), analytic=False),
        *_cases_of(
            "convert", one((3,), dtype=np.dtype(complex)), one((3,), dtype=np.dtype(np.complex64)), analytic=False
        ),
        *_cases_of("input", one((3,))),
    ]


def _cumulative() -> list[Case]:
    variants = [(((4,),), {"axis": 0}), (((2, 3),), {"axis": 1}), (((2, 3),), {"axis": 0}), (((0,),), {"axis": 0})]
    return [
        *_cases_of("cumsum", *variants),
        *_cases_of("cumprod", *variants),
        *_cases_of("sort", *variants, complex=False, analytic=False),
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
    plus = _well_conditioned
    return [
        *_cases_of("matmul", *((shapes, {}) for shapes in vectors)),
        *_cases_of("einsum", *((shapes, {"subscripts": text}) for text, shapes in subscripts)),
        *_cases_of("tensordot", *((shapes, {"axes": pair}) for shapes, pair in axes)),
        *plus(
            "solve",
            (((3, 3), (3,)), {}),
            (((3, 3), (3, 2)), {}),
            (((2, 2, 2), (2, 2, 1)), {}),
            (((2, 2, 2), (2, 3)), {}),
        ),
        *plus("inv", *square),
        *plus("det", *square),
        *plus("logabsdet", *square, complex=False, analytic=False),
    ]


def _well_conditioned(row: str, *variants: Any, **flags: bool) -> list[Case]:
    """Cases of a row whose first operand is a matrix: twice the identity is added to it."""
    primitive = REGISTRY[row]
    cases = []
    for number, (shapes, _) in enumerate(variants):
        n = shapes[0][-1]

        def call(a: Any, *rest: Any, n: int = n) -> Any:
            return primitive(a + 2 * np.eye(n, dtype=np.float32), *rest)

        cases.append(Case(row, call, shapes, ((-0.5, 0.5),) * len(shapes), note=str(number), **flags))
    return cases


CASES: list[Case] = [
    *_elementwise_cases(),
    *(case for row in ("sum", "mean", "prod") for case in _reductions(row)),
    *(case for row in ("max", "min") for case in _reductions(row, complex=False, analytic=False)),
    *_cases_of("direction", *((shapes, {}) for shapes in UNARY_SHAPES), analytic=False),
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
STRUCTURAL = {"to_device", "constant_in"}

__all__ = ["CASES", "CONSTANT_CASES", "STRUCTURAL", "Case", "adkit"]
