"""The arguments of a traced call as named inputs: `x` for a number, `p['w']` for a leaf of a container.

Not for: transformations, whose inputs have no names (`arguments`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from .errors import InputError
from .handle import TracedArray
from .linearization import placed
from .pytrees import differentiable, flatten, is_array_leaf, paths, promoted, refuse_foreign, unflatten
from .settings import settings
from .tracing import make_input

__adkit__ = True


def bind(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> inspect.BoundArguments:
    """The arguments of a call by the names of the parameters; `x0`, `x1`, … where `f` does not tell them."""
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):  # a built-in function or ufunc without one
        parameters = [inspect.Parameter(f"x{i}", inspect.Parameter.POSITIONAL_ONLY) for i in range(len(args))]
        parameters += [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in kwargs]
        signature = inspect.Signature(parameters)
    return signature.bind(*args, **kwargs)


class NamedInputs:
    """The arguments of a call with their leaves replaced by fresh inputs.

    Attributes
    ----------
    arguments: argument name -> what the function is called with.
    inputs: input name -> its handle.
    leaves: input name -> its plain value.
    containers: argument name -> (structure, names of the leaves), for arguments with an input among their leaves.

    Raises `InputError` if no leaf can be an input.
    """

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        for integers in (False, True):  # in containers they are sizes and indices, unless there is nothing else
            self.inputs: dict[str, TracedArray] = {}
            self.leaves: dict[str, Any] = {}
            self.containers: dict[str, Any] = {}
            self.arguments = {name: self._replaced(name, value, integers) for name, value in arguments.items()}
            if self.inputs:
                return
        for name, value in arguments.items():
            for leaf in flatten(value)[0]:
                if is_array_leaf(leaf):
                    promoted(leaf, name)
        raise InputError("none of the arguments is a number or a float array", fix="pass at least one, such as 2.0")

    def _replaced(self, name: str, value: Any, integers: bool) -> Any:
        flat, structure = flatten(value)
        for leaf in flat:
            refuse_foreign(leaf, name)
        chosen = [differentiable(leaf) or (type(leaf) is int and (integers or structure is None)) for leaf in flat]
        if not any(chosen):
            return value
        names = paths(value, name)
        made = [
            self._input(leaf_name, leaf) if is_input else leaf
            for leaf_name, leaf, is_input in zip(names, flat, chosen, strict=True)
        ]
        self.containers[name] = (structure, names)  # a leaf that is no input has the derivative None
        return unflatten(structure, made)

    def _input(self, name: str, leaf: Any) -> TracedArray:
        self.leaves[name] = promoted(leaf, name)
        self.inputs[name] = make_input(placed(self.leaves[name], settings.current().device), name)
        return self.inputs[name]
