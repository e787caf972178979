"""The losses as modules: `MSELoss`, `CrossEntropyLoss` and their kin.

Not for: the mathematics (`functional`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import functional as F
from .module import Module

__adkit__ = True


def _loss(name: str, function: Callable[..., Any], **defaults: Any) -> type[Module]:
    """A module around a loss of an input and a target; its options are the function's."""

    def init(self: Any, weight: Any = None, *, reduction: str = "mean", **options: Any) -> None:
        Module.__init__(self)
        unknown = set(options) - set(defaults)
        if unknown:
            raise TypeError(f"{name}.__init__() got an unexpected keyword argument {sorted(unknown)[0]!r}")
        self.reduction = reduction
        self.options = {**defaults, **options, "reduction": reduction}
        if "weight" in defaults:
            self.options["weight"] = weight

    def forward(self: Any, input: Any, target: Any) -> Any:
        return function(input, target, **self.options)

    doc = f"`functional.{function.__name__}` as a module."
    return type(name, (Module,), {"__init__": init, "forward": forward, "__doc__": doc, "__module__": __name__})


MSELoss, L1Loss = _loss("MSELoss", F.mse_loss), _loss("L1Loss", F.l1_loss)
SmoothL1Loss = _loss("SmoothL1Loss", F.smooth_l1_loss, beta=1.0)
HuberLoss = _loss("HuberLoss", F.huber_loss, delta=1.0)
BCELoss = _loss("BCELoss", F.binary_cross_entropy)
BCEWithLogitsLoss = _loss("BCEWithLogitsLoss", F.binary_cross_entropy_with_logits)
NLLLoss = _loss("NLLLoss", F.nll_loss, weight=None, ignore_index=-100)
CrossEntropyLoss = _loss("CrossEntropyLoss", F.cross_entropy, weight=None, ignore_index=-100, label_smoothing=0.0)
KLDivLoss = _loss("KLDivLoss", F.kl_div, log_target=False)

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss", "NLLLoss",
    "SmoothL1Loss",
]  # fmt: skip
