"""Sweeps over a recording: `forward` (tangents), `reverse` (adjoints). A sweep evaluates the rules of primitives.

Run on plain values it yields numbers. Run with `recorded=True` it computes with handles, so that its own operations are
recorded, and can be shown and differentiated again.
"""

__adkit__ = True
