"""How Sphinx builds the documentation: `make docs`, with every warning as an error.

Pages are MyST Markdown; the API comes from docstrings; the tutorials are the saved notebooks, never run here, so what a
reader sees is what the tests compare.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import adkit

HERE = Path(__file__).parent
REPOSITORY = "https://github.com/adkit/adkit"

project = "adkit"
author = "The adkit authors"
copyright = author
version = release = adkit.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.intersphinx",
    "sphinx_copybutton",
]
exclude_patterns = ["_build"]
templates_path: list[str] = []

# -- pages ------------------------------------------------------------------------------------------------------------

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
# The trace's own MIME type needs the JupyterLab extension; its HTML is the same picture without one.
nb_execution_mode = "off"
nb_mime_priority_overrides = [("html", "application/vnd.adkit.trace.v1+json", None)]
suppress_warnings = ["mystnb.unknown_mime_type"]

# -- API --------------------------------------------------------------------------------------------------------------

autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True  # attributes are listed once, not once more as members
default_role = "code"
smartquotes = False  # quotation marks in docstrings are Python's
# Links into the manuals of others would need the network while building.
intersphinx_mapping: dict[str, tuple[str, None]] = {}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# -- look -------------------------------------------------------------------------------------------------------------

html_theme = "furo"
html_title = "adkit"
html_static_path = ["_static"]
html_css_files = ["adkit.css"]
html_theme_options = {
    "source_repository": REPOSITORY,
    "source_branch": "main",
    "source_directory": "docs/",
}


def _copy_tutorials(*_: object) -> None:
    """Sphinx reads only what lies below its own folder."""
    folder = HERE / "tutorials"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for notebook in (HERE.parent / "notebooks").glob("*.ipynb"):
        shutil.copy(notebook, folder / notebook.name)


_FIELDS = {"Parameters": "param", "Attributes": "ivar"}
_ENTRY = re.compile(r"(?P<names>[*\w][\w*, ]*): (?P<text>.*)")


def _as_fields(app: object, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Entries `name: text` under a heading as Sphinx fields; napoleon would take the text for a type."""
    made: list[str] = []
    field = None
    for number, line in enumerate(lines):
        if line in _FIELDS and lines[number + 1 : number + 2] == ["-" * len(line)]:
            field = _FIELDS[line]
        elif field and line == "-" * len(line) and line:
            made.append("")
        elif field and (entry := _ENTRY.fullmatch(line)):
            made.append(f":{field} {entry['names']}: {entry['text']}")
        else:
            if field and line and not line.startswith(" "):
                field = None
                made.append("")
            made.append(line)
    lines[:] = made


def setup(app: Any) -> None:
    _copy_tutorials()
    app.connect("autodoc-process-docstring", _as_fields, priority=100)  # before napoleon, which has 500
