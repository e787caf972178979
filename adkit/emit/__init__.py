"""The derivative as something to take home: NumPy source, LaTeX, graphs and a page, made from a trace.

Not for: showing a trace in a notebook (`adkit.views`).
"""

from __future__ import annotations

from .source import Source, to_source
from .spelling import EmitError

__adkit__ = True

__all__ = ["EmitError", "Source", "to_source"]
