"""Where the functions on trees come from: optree, or `plain_trees` where optree is not built for the platform.

`from .trees import optree` inside the function that needs it: importing optree takes a third of what all of adkit does.
Not for: what a leaf is, or which leaves are differentiated (`pytrees`).
"""

from __future__ import annotations

__adkit__ = True

try:
    import optree
except ModuleNotFoundError:  # Pyodide
    from . import plain_trees as optree  # type: ignore[no-redef]

__all__ = ["optree"]
