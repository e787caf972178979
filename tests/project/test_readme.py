"""The README's notebook cells run as they are printed. (Its `>>>` examples are run by pytest's doctest.)"""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CELLS = re.findall(r"^```ipython\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def shell() -> InteractiveShell:
    shell = InteractiveShell()
    shell.history_manager.enabled = False
    return shell


def test_the_tour_runs_in_a_notebook(shell: InteractiveShell) -> None:
    assert len(CELLS) >= 3
    for cell in CELLS:
        result = shell.run_cell(cell)
        result.raise_error()
    gradient, mode = result.result
    assert gradient == pytest.approx(8 * np.sin(1.5) * np.cos(1.5) + 1, rel=1e-14)
    assert mode == "reverse"
    assert type(shell.user_ns["x"]) is float
    assert type(shell.user_ns["loss"]) is np.float64


def test_every_local_link_and_image_exists() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README) + re.findall(r'src(?:set)?="([^"]+)"', README)
    local = [link for link in links if "://" not in link]
    assert local
    assert not [link for link in local if not (ROOT / link).exists()]


def test_the_extras_it_names_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(re.findall(r'"\.\[(\w+)\]"', README)) <= set(project["optional-dependencies"])


def test_the_make_targets_it_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|^    )make (\w[\w-]*)", README + contributing, flags=re.MULTILINE))
    assert {"start", "demo", "test"} <= named
    assert not [target for target in named if not re.search(rf"^{target}:", makefile, flags=re.MULTILINE)]
