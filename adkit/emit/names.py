"""Names in an emitted program: the user's where there are any, valid, unique, and none of those it needs itself.

Not for: finding the user's names (`adkit.naming`).
"""

from __future__ import annotations

import builtins
import keyword
import re

from . import prelude

__adkit__ = True

RESERVED = frozenset({"np", "special", "linalg", "fft", "seed", "unit", "units", *dir(builtins), *keyword.kwlist})
LONGEST = 40


class Names:
    """Names that are taken, and new ones.

    Example
    -------
    >>> names = Names()
    >>> names.new("x"), names.new("x"), names.new("p['w']"), names.new("lambda"), names.new("ünit")
    ('x', 'x_1', 'p_w', 'lambda_', 'ünit')
    """

    def __init__(self) -> None:
        self.taken = set(RESERVED) | set(prelude.names())
        self._counts: dict[str, int] = {}  # the last number behind each name, so that a loop's names cost one look each

    def new(self, wanted: str) -> str:
        """A name like the wanted one that is not taken yet."""
        base = re.sub(r"\W+", "_", wanted).strip("_")[:LONGEST] or "v"
        base = base if base.isidentifier() else f"v_{base}"
        if not base.isidentifier():
            base = "v"
        if base in RESERVED:
            base += "_"
        name, count = base, self._counts.get(base, 0)
        while name in self.taken:
            count += 1
            name = f"{base}_{count}" if not base.endswith("_") else f"{base}{count}"
        self._counts[base] = count
        self.taken.add(name)
        return name
