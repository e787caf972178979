"""Thin faces over adkit's core for people who come from another system: `pytorch`, `tensorflow`, `theano`.

Each is imported by itself (`import adkit.styles.pytorch as torch`); importing this package imports none of them.
Not for: rules of differentiation (`adkit.primitives`), layers and optimisers as pure functions (`adkit.nn`,
`adkit.optim`).
"""

from __future__ import annotations

from . import absent

__adkit__ = True

absent.install()
