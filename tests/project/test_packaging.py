"""The wheel that people install: both import packages, the prebuilt extension where Jupyter looks for it, no more."""

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import adkit

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERSION = adkit.__version__
SHARED = f"adkit-{VERSION}.data/data/share/jupyter/labextensions/adkit/"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """A wheel built from the working tree, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    assert path.name == f"adkit-{VERSION}-py3-none-any.whl"
    return zipfile.ZipFile(path)


def _sources(folder: str) -> set[str]:
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(ROOT / folder).as_posix() for path in found}


def _packed(wheel: zipfile.ZipFile, prefix: str) -> set[str]:
    return {name.removeprefix(prefix) for name in wheel.namelist() if name.startswith(prefix)}


def test_both_import_packages_are_whole(wheel: zipfile.ZipFile) -> None:
    assert _packed(wheel, "adkit/") == _sources("adkit")
    assert _packed(wheel, "adkit_jupyter/") == _sources("extension/adkit_jupyter")


def test_labextension_lies_where_jupyter_looks(wheel: zipfile.ZipFile) -> None:
    assert _packed(wheel, SHARED) == _sources("extension/labextension")
    package = json.loads(wheel.read(SHARED + "package.json"))
    entry = package["jupyterlab"]["_build"]["load"]
    assert SHARED + entry in wheel.namelist()


def test_nothing_else_is_installed(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {"adkit", "adkit_jupyter", f"adkit-{VERSION}.data", f"adkit-{VERSION}.dist-info"}


def test_metadata_tells_licence_python_and_core_dependencies(wheel: zipfile.ZipFile) -> None:
    metadata = Parser().parsestr(wheel.read(f"adkit-{VERSION}.dist-info/METADATA").decode())
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == PROJECT["requires-python"]
    plain = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert {re.split(r"[<>=!~ ]", line)[0] for line in plain} == {"numpy", "scipy", "optree"}
    extras = set(metadata.get_all("Provides-Extra", []))
    assert {"notebook", "cuda12", "cuda13", "test", "dev", "bench"} <= extras


def test_changelog_tells_of_this_version() -> None:
    assert f"## {VERSION}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
