"""Cases of the rows of sequences: products, and roots of polynomials."""

from __future__ import annotations

import numpy as np

from adkit.primitive import REGISTRY

from .case import Case, cases_of

# leading and last coefficients away from zero, and complex roots, so that no small change makes them meet
OFFSETS = {3: np.array([2.0, 0.0, 6.0], np.float32), 4: np.array([2.0, 0.0, 6.0, 7.0], np.float32), 2: np.array([3.0, 1.0], np.float32)}  # fmt: skip


def _roots(p):
    return REGISTRY["roots"](p + OFFSETS[p.shape[-1]])


CASES = [
    *cases_of("convolve", (((3,), (3,)), {}), (((4,), (2,)), {}), (((1,), (3,)), {}), (((2,), (5,)), {})),
    *(Case("roots", _roots, ((n,),), ((-0.3, 0.3),), analytic=False, note=str(n)) for n in (2, 3, 4)),
]
