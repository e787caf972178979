"""binder/ is read by repo2docker alone, so nothing else would notice a pin that no longer fits pyproject.toml."""

import os
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _pins() -> list[Requirement]:
    lines = (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]


def _supported() -> dict[str, SpecifierSet]:
    """What pyproject.toml allows of each package that the notebooks use."""
    lines = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["notebook"]
    return {requirement.name: requirement.specifier for requirement in map(Requirement, lines)}


def test_runtime_is_a_python_that_adkit_supports() -> None:
    match = re.fullmatch(r"python-(\d+\.\d+)\n?", (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8"))
    assert match, "repo2docker reads exactly one line, python-X.Y"
    assert Version(match[1]) in SpecifierSet(PROJECT["requires-python"])


@pytest.mark.parametrize("pin", _pins(), ids=lambda pin: pin.name)
def test_pin_is_exact_and_within_the_bounds(pin: Requirement) -> None:
    assert pin.url is None
    (specifier,) = pin.specifier
    assert specifier.operator == "=="
    assert pin.name in _supported(), f"{pin.name} is pinned for Binder, but pyproject.toml does not ask for it"
    assert Version(specifier.version) in _supported()[pin.name]


def test_every_dependency_of_the_library_is_pinned() -> None:
    needed = {Requirement(line).name for line in PROJECT["dependencies"]} | {"ipython", "ipywidgets", "matplotlib"}
    assert needed <= {pin.name for pin in _pins()}


def test_post_build_installs_adkit_alone() -> None:
    script = ROOT / "binder" / "postBuild"
    assert os.access(script, os.X_OK), "repo2docker refuses a postBuild that is not executable"
    assert "pip install --no-deps --no-cache-dir ." in script.read_text(encoding="utf-8").splitlines()
