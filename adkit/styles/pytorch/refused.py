"""Names of PyTorch that this face does not honour, each with the way that adkit supports.

Not for: what is merely rare; that gets the general answer.
"""

from __future__ import annotations

from typing import Any

from .errors import FaceError, missing

__adkit__ = True

_DEVICE = 'compute on the CPU here; for a GPU use adkit.settings(device="gpu") with adkit.grad and NumPy code'
_DATA = "draw batches with NumPy: for i in torch.randperm(len(x)).split(32): x[i], y[i]"
_PROCESSES = "use one process, or adkit.vmap over examples"
_COMPILE = "call the function itself; adkit.trace(f) records it once and replays it"
_FILES = "numpy.savez(path, **{k: v.numpy() for k, v in model.state_dict().items()}), or pickle the state_dict"
_FUNC = "use adkit.grad, adkit.jacobian, adkit.hessian, adkit.vmap, or torch.autograd.functional"

REFUSED = {
    "cuda": _DEVICE, "amp": _DEVICE,
    "autocast": _DEVICE, "cudnn": _DEVICE, "Stream": _DEVICE, "Event": _DEVICE,
    "utils": _DATA, "distributed": _PROCESSES, "multiprocessing": _PROCESSES, "futures": _PROCESSES,
    "jit": _COMPILE, "compile": _COMPILE, "fx": _COMPILE, "_dynamo": _COMPILE, "export": _COMPILE, "onnx": _COMPILE,
    "save": _FILES, "load": _FILES, "hub": _FILES, "package": _FILES, "serialization": _FILES,
    "func": _FUNC, "vmap": _FUNC, "functorch": _FUNC,
    "quantization": "round with NumPy; derivatives of rounding are zero", "sparse": "use adkit.sparse and scipy.sparse",
    "profiler": "use adkit.diagnose.cost, or %%grad --flow", "distributions": "use scipy.stats and adkit.scipy.special",
    "testing": "use numpy.testing on x.detach().numpy()",
}  # fmt: skip


def refuse_name(name: str) -> Any:
    """The error for `torch.name`; Python's own for a name that is no part of PyTorch's public face."""
    if name.startswith("__"):
        return AttributeError(f"module 'adkit.styles.pytorch' has no attribute {name!r}")
    return missing(f"torch.{name}", REFUSED.get(name, "write it with tensor operations, or with adkit and NumPy"))


__all__ = ["REFUSED", "FaceError", "refuse_name"]
