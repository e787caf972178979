"""Sparse Jacobians and Hessians: patterns by a sweep, groups by a colouring, one product per group."""

from __future__ import annotations

from .plan import SparsePlan, sparse_plan

__adkit__ = True
__all__ = ["SparsePlan", "sparse_plan"]
