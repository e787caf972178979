"""Cases of the rows of `adkit.primitives.fft`: odd and even lengths, padding and truncation, every norm and type."""

from __future__ import annotations

import adkit.primitives.fft  # noqa: F401  (enters the rows)

from .case import Case, cases_of

NORMS = ("backward", "ortho", "forward")


def _complex(row: str) -> list[Case]:
    return cases_of(
        row,
        (((4,),), {"n": (4,), "axes": (0,), "norm": "backward"}),
        (((5,),), {"n": (5,), "axes": (0,), "norm": "ortho"}),
        (((2, 5),), {"n": (3,), "axes": (1,), "norm": "forward"}),
        (((3, 2),), {"n": (5,), "axes": (0,), "norm": "backward"}),
        (((3, 4),), {"n": (3, 4), "axes": (0, 1), "norm": "backward"}),
        (((3, 2, 4),), {"n": (5, 3), "axes": (2, 0), "norm": "ortho"}),
        (((0, 3),), {"n": (3,), "axes": (1,), "norm": "backward"}),
        analytic=False,  # it is, but its values are complex, which the complex step cannot read
    )


def _real(row: str, **flags: bool) -> list[Case]:
    return cases_of(
        row,
        *((((2, 5),), {"n": n, "axis": 1, "norm": norm}) for n in (1, 2, 4, 5, 7, 8) for norm in NORMS),
        (((3, 2),), {"n": 3, "axis": 0, "norm": "backward"}),
        (((0, 3),), {"n": 3, "axis": 1, "norm": "backward"}),
        **flags,
    )


def _trigonometric(row: str) -> list[Case]:
    variants = [
        (((2, 5),), {"type": type, "n": n, "axis": 1, "norm": norm, "orthogonalize": orthogonalize})
        for type in (1, 2, 3, 4)
        for n, norm in ((5, "backward"), (4, "ortho"), (7, "forward"))
        for orthogonalize in (None, True, False)
    ]
    return cases_of(row, *variants)


def _hankel(row: str) -> list[Case]:
    variants = [
        ((shape,), {"dln": 0.3, "mu": 0.7, "offset": offset, "bias": bias})
        for shape in ((6,), (2, 5))
        for offset in (0.0, 0.2)
        for bias in (0.0, 0.1)
    ]
    return cases_of(row, *variants, complex=False, analytic=False)


CASES = [
    *_complex("fft"),
    *_complex("ifft"),
    *_real("rfft", complex=False, analytic=False),
    *_real("irfft", analytic=False),
    *_trigonometric("dct"),
    *_trigonometric("dst"),
    *_hankel("fht"),
    *_hankel("ifht"),
]
