"""Rows of sweeps through an instruction that has a body, each one instruction too: for `vmap` over derivatives.

A recorded sweep writes the operations of a body out, and its conditions with them. In a list that will be evaluated
for other examples that would tie them all to the path of one. These rows take the operands of the construct beside
the tangents or cotangents, and for other operands follow what the construct does there. Not for: sweeps whose result
is a number (`body`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from .. import tracing
from ..backends import backend_of
from ..dtypes import numpy_dtype
from ..handle import untraced
from ..nodes import Results
from ..numpy.creation import zeros_of
from ..primitive import General
from ..sweeps.through import any_traced, pull_through, push_through
from .batching import spread
from .control import Construct

__adkit__ = True

Run = Callable[[list[Any]], list[Any]]


class BodySweep(General):
    """A sweep through the body of `construct`.

    Its operands are what is swept, of which those without a value are left out (`given` says where there is one), and
    then those of the construct. The results are those with a derivative: of a reverse sweep the cotangents of the
    operands that are floats, of a forward sweep the tangents of the results that are.
    """

    def __init__(self, name: str, through: Callable[..., list[Any]], reverse: bool) -> None:
        super().__init__(name, None, jvp=self._push, vjp=self._pull, reads="operands")  # type: ignore[arg-type]
        self._through, self._reverse = through, reverse

    def record(self, swept: Sequence[Any], operands: Sequence[Any], body: Any, construct: Construct) -> list[Any]:
        """The instruction of a sweep at the operands of the construct; what was swept, zeros where there is nothing."""
        given = tuple(part is not None for part in swept)
        inputs = [*(part for part in swept if part is not None), *operands]
        plain = [untraced(x) for x in inputs]
        pairs = [tracing.operand_of(x) for x in inputs]
        parts, around = _split(plain, given)
        results = body.pull(tuple(parts), around) if self._reverse else body.push(parts, around)
        many = list(results) if isinstance(results, (list, tuple)) else [results]
        likes = list(operands) if self._reverse else body.result_types()
        value = Results(_filled(many, likes, plain))
        params = {"body": body, "construct": construct, "given": given}
        nodes, values = [node for node, _ in pairs], [value for _, value in pairs]
        made = iter(tracing.components(tracing.record(self, inputs, nodes, values, params, value, sys._getframe())))
        return [next(made) if _is_float(like) else None for like in likes]

    def __call__(self, *operands: Any, **params: Any) -> Any:
        return self.evaluate(operands, params)

    def evaluate(self, operands: Any, params: dict[str, Any]) -> Any:
        """At any operands: on the path that the construct takes there."""
        body, construct = params["body"], params["construct"]
        return tuple(self._swept(lambda given: _many(construct(*given, body=body)), operands, params["given"]))

    def _swept(
        self, run: Callable[[list[Any]], list[Any]], operands: Sequence[Any], given: Sequence[bool]
    ) -> list[Any]:
        swept, around = _split(operands, given)
        found: list[Any] = []

        def noted(handles: list[Any]) -> list[Any]:
            found[:] = run(handles)
            return found

        made = self._through(noted, swept, around, recorded=any_traced(operands))
        return _filled(made, around if self._reverse else found, operands)

    def _along(self, body: Any, given: Sequence[bool]) -> Run:
        """The sweep on the recorded path, written out."""
        return lambda handles: self._swept(lambda inner: body.followed(inner), handles, given)

    def _push(self, tangents: Any, out: Any, *operands: Any, body: Any, given: Any, construct: Any) -> Any:
        return Results(push_through(self._along(body, given), tangents, operands, recorded=True))

    def _pull(self, g: Any, out: Any, *operands: Any, body: Any, given: Any, construct: Any) -> Any:
        return pull_through(self._along(body, given), list(g), operands, recorded=True)

    def batch(self, size: int, operands: Any, batched: Any, **params: Any) -> Any:
        """For a batch: a sweep through the construct on the batch, of which every operand has the batch axis."""
        construct, body = params["construct"], params["body"]
        spreads = [b or _is_float(x) for x, b in zip(operands, batched, strict=True)]
        pairs = zip(operands, batched, spreads, strict=True)
        operands = [spread(size, x, b) if wide else x for x, b, wide in pairs]
        flags = spreads[sum(params["given"]) :]
        run = lambda handles: _many(construct.batch(size, handles, flags, body=body))  # noqa: E731
        return tuple(self._swept(run, operands, params["given"]))


def _split(operands: Sequence[Any], given: Sequence[bool]) -> tuple[list[Any], list[Any]]:
    """What is swept, `None` where there is nothing, and the operands of the construct."""
    parts = iter(operands)
    swept = [next(parts) if flag else None for flag in given]
    return swept, list(parts)


def _many(results: Any) -> list[Any]:
    return list(results) if isinstance(results, tuple) else [results]


def _is_float(x: Any) -> bool:
    return numpy_dtype(x).kind in "fc"


def _filled(results: Sequence[Any], likes: Sequence[Any], operands: Sequence[Any]) -> list[Any]:
    """Zeros for what has no value, where the operands are, without those that have no derivative."""
    model = next((x for x in operands if backend_of(untraced(x)) is not None), numpy.float64(0.0))
    pairs = zip(results, likes, strict=True)
    return [zeros_of(like, like=model) if x is None else x for x, like in pairs if _is_float(like)]


pullback_of_body = BodySweep("pullback_of_body", pull_through, reverse=True)
pushforward_of_body = BodySweep("pushforward_of_body", push_through, reverse=False)
