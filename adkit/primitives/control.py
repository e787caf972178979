"""Rows of instructions that have a body: `checkpoint`, `scan`, `while_loop`, `fori_loop`, `cond`.

What such an instruction does is in its one parameter `body` (see `adkit.body`): the operations inside, which the rules
run again. Its operands are the leaves that the user passed, and every traced value that the body closes over.
Not for: running the user's functions (`control_flow`).
"""

from __future__ import annotations

from typing import Any

from ..errors import LeakError
from ..primitive import General

__adkit__ = True


class Construct(General):
    """A row with a body. Called on new operands, it follows the recorded path as far as that goes there."""

    @staticmethod
    def sparsity(sweep: Any, node: Any, given: Any) -> Any:
        """How elements of the results depend on those of the operands."""
        from ..sweeps.body_sparsity import body_sparsity

        return body_sparsity(sweep, node, given)

    def __init__(self, name: str) -> None:
        super().__init__(name, None, jvp=_push, vjp=_pull, reads="operands")  # type: ignore[arg-type]

    def __call__(self, *operands: Any, **params: Any) -> Any:
        return params["body"].again(operands)

    def evaluate(self, operands: Any, params: dict[str, Any]) -> Any:
        return params["body"].again(tuple(operands))

    def batch(self, size: int, operands: Any, batched: Any, body: Any) -> Any:
        from .. import body_batching

        return body_batching.batched(self, body, size, operands, batched)


def _push(tangents: Any, out: Any, *operands: Any, body: Any) -> Any:
    return body.push(tangents, operands)


def _pull(g: Any, out: Any, *operands: Any, body: Any) -> Any:
    return body.pull(g, operands)


def _escaped(construct: str, filename: str | None, line: int | None) -> LeakError:
    return LeakError(
        f"a value from inside the body of {construct} is used outside of it",
        fix="return it from the body: in the carry, or for each step as the second result of a scan",
        filename=filename,
        line=line,
    )


def _push_escaped(tangents: Any, out: Any, *operands: Any, **params: Any) -> Any:
    raise _escaped(**params)


def _pull_escaped(g: Any, out: Any, *operands: Any, **params: Any) -> Any:
    raise _escaped(**params)


checkpoint = Construct("checkpoint")
scan = Construct("scan")
fori_loop = Construct("fori_loop")
while_loop = Construct("while_loop")
cond = Construct("cond")

# An input of a piece of a body. Only the sweeps of that body reach it; any other found a value that got out of it.
body_input = General(
    "body_input", lambda xp, *operands, **params: operands[0], jvp=_push_escaped, vjp=_pull_escaped, reads=""
)
