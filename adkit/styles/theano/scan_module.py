"""`theano.scan_module`: where Theano's examples find `until`, and `scan` itself."""

from __future__ import annotations

from .scanning import OrderedUpdates, foldl, foldr, map, reduce, scan, until

__adkit__ = True
__all__ = ["OrderedUpdates", "foldl", "foldr", "map", "reduce", "scan", "until"]
