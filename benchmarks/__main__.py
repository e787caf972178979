"""`python -m benchmarks [FAMILY ...] [--rounds N]` prints the comparisons as tables."""

import argparse
import importlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version

from benchmarks.harness import measure, table

FAMILIES = (
    "chain",
    "scalar",
    "elementwise",
    "linalg",
    "memory",
    "imports",
    "overhead",
    "sparse",
    "vmap",
    "filling",
    "diagnoses",
    "notebook",
    "styles_pytorch",
    "styles_tensorflow",
    "styles_theano",
)
PACKAGES = ("adkit", "numpy", "torch", "autograd", "jax", "tensorflow")


def _setting() -> str:
    """The machine and the versions, which every figure below depends on."""
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores; {', '.join(found)}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="adkit beside its peers, as ratios.")
    known = f"any of {', '.join(FAMILIES)} (default: all)"
    parser.add_argument("family", nargs="*", choices=[*FAMILIES, []], metavar="FAMILY", help=known)
    parser.add_argument("--rounds", type=int, default=9, help="how often each contender is measured (default: 9)")
    options = parser.parse_args()
    print(_setting())
    for family in options.family or FAMILIES:
        for comparison in importlib.import_module(f"benchmarks.{family}").comparisons():
            print()
            print(table(comparison, measure(comparison, options.rounds)), flush=True)


if __name__ == "__main__":
    main()
