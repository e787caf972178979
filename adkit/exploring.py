"""`explore(f, x=2.0)`: the explorer as a plain function. What it is made of comes with the notebook's packages and is
imported when it is first asked for.

Not for: the explorer itself (`adkit_jupyter.explorer`), or its document (`explorer_document`).
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from .errors import PackageError

__adkit__ = True


def explorer_module() -> ModuleType:
    """The package `adkit_jupyter.explorer`; `PackageError` where what it needs is not installed."""
    try:
        from adkit_jupyter import explorer
    except ImportError as error:
        missing = (error.name or "ipywidgets").split(".")[0]
        if missing.startswith("adkit"):
            raise
        fix = 'pip install "adkit[notebook]"'
        raise PackageError(f"the explorer needs {missing}, which is not installed", fix=fix) from None
    return explorer


def explore(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """A function's derivative to move and to question: sliders for its inputs, toggles, and the picture of `trace`.

    The arguments are those of a call of `f`; every number and float array among them gets a control. In a notebook the
    result shows itself as the last expression of a cell; anywhere `set(x=3.0)`, `wait()`, `trace`, `values`, `document`
    and `close()` do by program what the controls do.

    Raises `PackageError` where ipywidgets is not installed, `InputError` if no argument can be an input, and what `f`
    raises for these arguments; later errors are shown in the panel.

    Example
    -------
    >>> import numpy as np
    >>> explorer = explore(lambda x, w: np.sin(x) * w, x=0.0, w=2.0)
    >>> explorer["x"]
    2.0
    >>> explorer.set(w=5.0).wait(), explorer["x"]
    (True, 5.0)
    >>> explorer.close()
    """
    return explorer_module().explore(f, *args, **kwargs)
