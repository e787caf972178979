"""The kernel side of adkit in Jupyter: `%%grad`, `%grad`, `%adkit` and their completion.

`%load_ext adkit` (or `%load_ext adkit_jupyter`) registers them. Importing this package imports nothing heavy; the
magics live in `magics`, the running of a cell in `cell`. Not for: derivatives (`adkit`), pictures (`adkit.views`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__adkit__ = True
__all__ = ["load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics, the completion and the settings hook on `shell`; loading twice is harmless."""
    from .loading import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take everything off `shell` that `load_ipython_extension` put there; harmless when it is not loaded."""
    from .loading import unload

    unload(shell)
