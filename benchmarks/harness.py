"""Measuring contenders side by side and printing what came out.

Contenders take turns within each round, in an order that rotates, so that a slow moment of the machine hits all of
them. The garbage collector runs between samples and never within one. A ratio is the median over the rounds of the
ratio within a round, which is steadier than the ratio of two medians.
"""

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Sample = Callable[[], float]


@dataclass(frozen=True)
class Contender:
    """One library at one piece of work: `sample` does it once and returns the cost in the comparison's unit."""

    name: str
    sample: Sample | None
    missing: str = ""


@dataclass(frozen=True)
class Comparison:
    """What is compared. The first contender is adkit; `bounds` holds the largest ratio aimed at, by peer."""

    title: str
    unit: str
    contenders: Sequence[Contender]
    bounds: Mapping[str, float] = field(default_factory=dict)
    limit: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Line:
    """A contender's median, and by how much of it adkit makes do (None for adkit itself and for a missing peer)."""

    name: str
    median: float | None
    ratio: float | None
    bound: float | None
    missing: str = ""


def timed(work: Callable[[], object], per: int = 1, seconds: float = 0.05) -> Sample:
    """A sample that times `work`, repeated until a sample lasts about `seconds`; in microseconds per one of `per`.

    >>> sample = timed(lambda: sum(range(100)), seconds=0.001)
    >>> sample() > 0
    True
    """
    work()
    started = time.perf_counter()
    work()
    once = time.perf_counter() - started
    number = max(1, round(seconds / max(once, 1e-7)))

    def sample() -> float:
        gc.collect()
        gc.disable()
        try:
            started = time.perf_counter()
            for _ in range(number):
                work()
            return (time.perf_counter() - started) / (number * per) * 1e6
        finally:
            gc.enable()

    return sample


def measure(comparison: Comparison, rounds: int) -> list[Line]:
    """Let the contenders take turns for so many rounds.

    >>> one, two = Contender("adkit", lambda: 1.0), Contender("peer", lambda: 4.0)
    >>> [line.ratio for line in measure(Comparison("work", "µs", [one, two]), rounds=3)]
    [None, 0.25]
    """
    present = [contender for contender in comparison.contenders if contender.sample]
    samples: dict[str, list[float]] = {contender.name: [] for contender in present}
    for turn in range(rounds):
        first = turn % len(present)
        for contender in [*present[first:], *present[:first]]:
            assert contender.sample
            samples[contender.name].append(contender.sample())
    own = samples[comparison.contenders[0].name]
    lines = []
    for contender in comparison.contenders:
        costs = samples.get(contender.name)
        if costs is None:
            lines.append(Line(contender.name, None, None, None, contender.missing))
            continue
        ratio = None if costs is own else statistics.median(mine / cost for mine, cost in zip(own, costs))
        lines.append(Line(contender.name, statistics.median(costs), ratio, comparison.bounds.get(contender.name)))
    return lines


def table(comparison: Comparison, lines: Sequence[Line]) -> str:
    """The lines as aligned text.

    >>> print(table(Comparison("work", "µs", []), [Line("adkit", 1.0, None, None), Line("peer", 4.0, 0.25, 0.5)]))
    work
                                      µs      adkit's share   at most
      adkit                         1.00
      peer                          4.00               0.25      0.50
    """
    rows = [comparison.title, f"  {'':<24}{comparison.unit:>12}{'adkit’s share':>19}{'at most':>10}".replace("’", "'")]
    for line in lines:
        if line.median is None:
            rows.append(f"  {line.name:<24}{'—':>12}   {line.missing}")
            continue
        ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
        bound = "" if line.bound is None else f"{line.bound:.2f}"
        over = "   over" if line.bound is not None and line.ratio is not None and line.ratio > line.bound else ""
        if line.ratio is None and comparison.limit is not None:
            bound = f"{comparison.limit:g} {comparison.unit}"
            over = "   over" if line.median > comparison.limit else ""
        rows.append(f"  {line.name:<24}{_figure(line.median):>12}{ratio:>19}{bound:>10}{over}".rstrip())
    if comparison.note:
        rows.append(f"  ({comparison.note})")
    return "\n".join(rows)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}" if value >= 100 else f"{value:.2f}"
