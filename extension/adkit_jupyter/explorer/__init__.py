"""The explorer: plain ipywidgets controls over the picture that `%%grad` makes, which move and question it live.

`explore` is the function, `explore_cell` and `explore_expression` are what the magics call. By responsibility:
`controls` (one control per input), `panel` (the widgets together), `session` (what is wanted and what is shown),
`conductor` (runs on threads: the latest value wins), `rerun` (running a cell's code or a function again), `copies` (the
namespace of a re-run), `failures` (an error in words), `pictures` (MIME bundles), `lifetime` (when an explorer ends).
Importing this package imports ipywidgets. Not for: derivatives, and what the pictures look like (`adkit.views`).
"""

from __future__ import annotations

from .session import Explorer, explore, explore_cell, explore_expression

__adkit__ = True
__all__ = ["Explorer", "explore", "explore_cell", "explore_expression"]
