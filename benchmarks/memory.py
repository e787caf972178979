"""Peak memory of value and gradient along a long chain, each library in a process of its own.

What is measured is the process's largest resident set, as the operating system counts it, less what was resident after
the imports and a gradient on ten elements. It sees every allocator alike (tracemalloc would see NumPy's alone), and it
is given in arrays, so that it reads as "how many values are kept".
"""

import resource
import subprocess
import sys
from functools import partial

import numpy as np

from benchmarks import peers
from benchmarks.chain import CHAINS
from benchmarks.harness import Comparison, Sample

OPERATIONS = 200
ELEMENTS = 200_000


def comparisons() -> list[Comparison]:
    return [_comparison(name) for name in CHAINS]


def _comparison(chain: str) -> Comparison:
    contenders = []
    for peer in peers.EAGER:
        there = peers.find(peer.split()[0])
        contenders.append(peers.contender(peer, _in_a_process(peer, chain) if there else None))
    title = f"Peak memory of value and gradient, chain y ← {chain} of {OPERATIONS} operations, {ELEMENTS:,} elements"
    return Comparison(title, "arrays", contenders, {"torch": 1.0}, note="in arrays of the chain's size, all included")


def _in_a_process(name: str, chain: str) -> Sample:
    def sample() -> float:
        command = [sys.executable, "-m", "benchmarks.memory", name, chain]
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    return sample


def _peak() -> int:
    """The largest resident set so far, in bytes.

    Linux: from /proc, since the maximum that getrusage gives is inherited from the process that started this one.
    Elsewhere getrusage, which counts bytes on macOS.
    """
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            (line,) = (line for line in status if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _main(name: str, chain: str) -> None:
    make = partial(CHAINS[chain], operations=OPERATIONS)
    warm = peers.value_and_grad(name, make, np.linspace(0.5, 1.5, 10))
    start = np.linspace(0.5, 1.5, ELEMENTS)
    work = peers.value_and_grad(name, make, start)
    assert warm
    assert work
    warm()
    before = _peak()
    work()
    print((_peak() - before) / start.nbytes)


if __name__ == "__main__":
    _main(*sys.argv[1:])
