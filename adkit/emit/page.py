"""`trace.to_html(path)`: a trace as one page for any browser, without a script, a font or a picture from elsewhere.

Not for: the view itself, which is the notebook's (`adkit.views.html`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..views import bundle
from ..views.glyphs import escape

if TYPE_CHECKING:
    from ..trace import Trace

__adkit__ = True

# what a page may load: nothing but its own styles and pictures
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE = "body{font-family:system-ui,sans-serif;font-size:13px;margin:24px;color:#1f2328;background:#ffffff}"


def to_html(trace: Trace, path: str | os.PathLike[str]) -> Path:
    """See `Trace.to_html`."""
    doc = trace.document(trace.views)
    output = doc["output"]
    title = escape(f"{output['name'] or 'value'} = {output['value']}")
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"{bundle(doc)['text/html']}\n</body>\n</html>\n"
    )
    written = Path(path)
    written.write_text(page, encoding="utf-8", errors="replace")
    return written
