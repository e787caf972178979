"""What a training run leaves behind: its losses, and norms of gradients at few enough steps to be drawn.

Which steps are kept depends on their number alone, never on time, so that the same run leaves the same picture.
Not for: drawing (`adkit.views.training`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from ..pytrees import flatten, paths
from .clipping import norm_of

__adkit__ = True

MOST_NORMS = 128
MOST_STRETCHES = 200


class GradientFlow:
    """The norm of the gradient of each parameter at up to 128 evenly spaced steps."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.names: list[str] = []
        # step and norms in one entry, so that an interrupt between two statements leaves no half of one
        self.kept: list[tuple[int, list[float]]] = []
        self._every = 1
        self._latest: tuple[int, Any] | None = None

    def note(self, step: int, gradients: Any) -> None:
        """Keep the norms of a step, if it is one of those that are kept."""
        self._latest = step, gradients
        if (step - 1) % self._every:
            return
        if not self.names:
            self.names = paths(gradients, self.root)
        self.kept.append((step, _norms(gradients)))
        if len(self.kept) > MOST_NORMS:
            self._every *= 2
            self.kept = self.kept[::2]

    def document(self) -> list[dict[str, Any]]:
        """One entry per parameter, in plain values."""
        kept = list(self.kept)
        if self._latest is not None and (not kept or self._latest[0] != kept[-1][0]):
            kept.append((self._latest[0], _norms(self._latest[1])))
        steps = [step for step, _ in kept]
        columns = zip(*(norms for _, norms in kept), strict=True)
        return [
            {"name": name, "steps": steps, "norms": list(norms)}
            for name, norms in zip(self.names, columns, strict=False)
        ]


def _norms(gradients: Any) -> list[float]:
    return [norm_of(leaf) for leaf in flatten(gradients)[0]]


def stretches(losses: list[float]) -> list[tuple[int, float, float, float]]:
    """Losses in at most 200 stretches of steps: the last step of each, and the smallest, mean and largest loss in it.

    Example
    -------
    >>> stretches([4.0, 2.0, 1.0])
    [(1, 4.0, 4.0, 4.0), (2, 2.0, 2.0, 2.0), (3, 1.0, 1.0, 1.0)]
    """
    n = len(losses)
    size = math.ceil(n / MOST_STRETCHES) if n else 1
    if size == 1:
        return [(i + 1, loss, loss, loss) for i, loss in enumerate(losses)]
    values = numpy.asarray(losses)
    found = []
    for start in range(0, n, size):
        part = values[start : start + size]
        found.append((start + len(part), float(part.min()), float(part.mean()), float(part.max())))
    return found
