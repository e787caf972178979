"""`T.shared_randomstreams`: where Theano's examples find `RandomStreams`."""

from __future__ import annotations

from ..randomness import RandomStreams

__adkit__ = True
__all__ = ["RandomStreams"]
