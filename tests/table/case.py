"""What a case of the table walk is, and how families of rows write theirs.

Every family has its cases in `tests/table/rows_<family>.py`; `cases.py` gathers them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from adkit.primitive import REGISTRY

UNIT = (0.2, 0.9)
SIGNED = (-2.0, 2.0)

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


def cases_of(row: str, *variants: tuple[Any, ...], **options: Any) -> list[Case]:
    """Cases of one row for (shapes, params) pairs; all operands are differentiated unless domains are given."""
    primitive = REGISTRY[row]
    cases = []
    for number, (shapes, params) in enumerate(variants):
        domains = options.get("domains") or (options.get("domain", SIGNED),) * len(shapes)
        call = with_params(primitive, params)
        flags = {k: v for k, v in options.items() if k in ("complex", "analytic")}
        cases.append(Case(row, call, shapes, domains, note=str(number), **flags))
    return cases


def with_params(primitive: Any, params: dict[str, Any]) -> Callable[..., Any]:
    return lambda *operands: primitive(*operands, **params)


def well_conditioned(row: str, *variants: Any, **flags: bool) -> list[Case]:
    """Cases of a row whose first operand is a matrix: twice the identity is added to it."""
    primitive = REGISTRY[row]
    cases = []
    for number, (shapes, _) in enumerate(variants):
        n = shapes[0][-1]

        def call(a: Any, *rest: Any, n: int = n) -> Any:
            return primitive(a + 2 * np.eye(n, dtype=np.float32), *rest)

        cases.append(Case(row, call, shapes, ((-0.5, 0.5),) * len(shapes), note=str(number), **flags))
    return cases
