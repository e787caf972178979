"""Diagnoses of a trace: what is wrong with a derivative, where it comes from, and what it costs.

Each module answers one question about a recorded `Trace`, without running the user's code again, and returns a
`report.Report`. Not for: computing derivatives.
"""

from __future__ import annotations

from .report import Column, Report, Row, Table

__adkit__ = True

__all__ = ["Column", "Report", "Row", "Table"]
