"""`trace.to_html(path)`: a trace as one page for any browser, with nothing from elsewhere.

The page has the static view, and where the viewer of the notebook is installed that as well: its modules go into an
import map as data, so that it runs from a file. Not for: the views themselves (`adkit.views`).
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..views import MIME, bundle
from ..views.glyphs import escape

if TYPE_CHECKING:
    from ..trace import Trace

__adkit__ = True

# what a page may load: nothing but its own styles and pictures
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' data:; img-src data:"
_FOLDER = Path("share", "jupyter", "labextensions", "adkit", "static")
_IMPORT = re.compile(r'(\bfrom |\bimport )"\./([\w.]+)"')
_STYLE = "body{font-family:system-ui,sans-serif;font-size:13px;margin:24px;color:#1f2328;background:#ffffff}"


def to_html(trace: Trace, path: str | os.PathLike[str]) -> Path:
    """See `Trace.to_html`."""
    doc = trace.document(trace.views)
    output = doc["output"]
    title = escape(f"{output['name'] or 'value'} = {output['value']}")
    made = bundle(doc)
    style, viewer = _viewer(made[MIME])
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n{style}</head>\n<body>\n"
        f'<div id="static">{made["text/html"]}</div>\n{viewer}</body>\n</html>\n'
    )
    written = Path(path)
    written.write_text(page, encoding="utf-8", errors="replace")
    return written


def static_folder() -> Path | None:
    """Where the modules of the notebook's viewer are, or `None` where it is not installed."""
    beside = Path(__file__).parents[2] / "extension" / "labextension" / "static"
    found = [folder for folder in (Path(sys.prefix) / _FOLDER, beside) if (folder / "trace.js").is_file()]
    return found[0] if found else None


def _viewer(doc: dict[str, Any]) -> tuple[str, str]:
    """The viewer's style sheet for the head and its scripts for the body; both empty where it is not installed."""
    folder = static_folder()
    if folder is None:
        return "", ""
    modules = {f"adkit/{file.name}": _as_data(file) for file in sorted(folder.glob("*.js")) if _is_module(file)}
    style = (folder / "style.css").read_text(encoding="utf-8").replace("</", "<\\/")
    return f"<style>{style}</style>\n", (
        f'<script type="importmap">{_json({"imports": modules})}</script>\n'
        f'<script type="application/json" id="document">{_json(doc)}</script>\n'
        f'<div id="viewer" class="adkit-output"></div>\n<script type="module">{_START}</script>\n'
    )


# the static view gives way to the viewer once that stands
_START = """
import { mount } from "adkit/trace.js";
mount(document.getElementById("viewer"), JSON.parse(document.getElementById("document").textContent));
document.getElementById("static").remove();
"""


def _is_module(file: Path) -> bool:
    return file.name != "remoteEntry.js"


def _as_data(file: Path) -> str:
    """A module as a data URL, its imports by the names of the import map."""
    text = _IMPORT.sub(r'\1"adkit/\2"', file.read_text(encoding="utf-8"))
    text = text.replace("import.meta.url", '"file:///"')  # data has no place; the style sheet is in the page
    return "data:text/javascript;base64," + base64.b64encode(text.encode()).decode()


def _json(value: Any) -> str:
    """JSON that cannot end the script element that it stands in."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
