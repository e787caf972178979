"""Running again with other inputs: the code of a cell in a copy of its namespace, or a function.

Whatever is assigned to an input, in the cell (`x = 2.0` at its top) or before it, a re-run has the explorer's value in
its place. The user's namespace stays as it is. Not for: when to run (`conductor`), and what is shown (`session`).
"""

from __future__ import annotations

import dataclasses
import inspect
import linecache
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy

import adkit
from adkit import backends
from adkit.named_inputs import bind
from adkit.pytrees import flatten, paths, unflatten
from adkit.trace import CellSource, Trace

from ..cell import Program, choose_output, execute, make_trace, prepare, record
from ..faces import is_face, leaves_of, tensor_of
from ..inputs import InputPlan, Inputs
from ..namespace import RecordedNamespace
from ..options import Options
from .copies import Surroundings
from .silence import silence

__adkit__ = True

LONGEST_SOURCE = 80  # lines of a file that is shown whole beside a function


@dataclass(frozen=True)
class Setup:
    """What the toggles say; `mode` is "auto" until somebody presses one."""

    mode: str
    order: int = 1
    device: str = "cpu"


class Rerun(Protocol):
    """Something that can be run again."""

    def __call__(self, values: Mapping[str, Any], setup: Setup) -> Trace:
        """The trace of a run with these inputs; raises what the user's code raises."""

    def moves(self, name: str) -> bool:
        """Whether a run can give this input another value."""


class FunctionRerun:
    """A function and its arguments, which may be containers with inputs among their leaves (`p['w']`)."""

    def __init__(self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], shell: Any = None) -> None:
        self._f = f
        self._bound = bind(f, args, kwargs)
        self._given = dict(self._bound.arguments)
        self._session = session_settings()
        self._shell = shell

    def first(self, setup: Setup) -> Trace:
        """The trace at the arguments as given, run as any call: what it prints is seen."""
        return self._traced(self._given, setup)

    def __call__(self, values: Mapping[str, Any], setup: Setup) -> Trace:
        with silence(self._shell):
            return self._traced({name: replaced(name, value, values) for name, value in self._given.items()}, setup)

    def moves(self, name: str) -> bool:
        """Every argument can be another one."""
        return True

    def _traced(self, arguments: Mapping[str, Any], setup: Setup) -> Trace:
        bound = inspect.BoundArguments(self._bound.signature, {**self._bound.arguments, **arguments})
        with adkit.settings(**{**self._session, "device": setup.device}):
            trace = adkit.trace(self._f, mode=setup.mode, order=setup.order)(*bound.args, **bound.kwargs)
        trace.source = source_of(self._f)
        return trace


def replaced(name: str, value: Any, values: Mapping[str, Any]) -> Any:
    """An argument with its leaves replaced by those of `values` that bear their names.

    >>> replaced("p", {"a": 1.0, "b": 2.0}, {"p['b']": 5.0})
    {'a': 1.0, 'b': 5.0}
    """
    leaves, structure = flatten(value)
    names = paths(value, name)
    return unflatten(structure, [own(values.get(leaf_name, leaf)) for leaf_name, leaf in zip(names, leaves)])


def own(value: Any) -> Any:
    """A copy of an array, which the user's code may write into; anything else as it is."""
    return value.copy() if isinstance(value, numpy.ndarray) else value


def source_of(f: Callable[..., Any]) -> CellSource | None:
    """The text around a function, where it is short: the cell that defined it, or a small file."""
    code = getattr(inspect.unwrap(f), "__code__", None)
    if code is None:
        return None
    lines = linecache.getlines(code.co_filename)
    if not lines or len(lines) > LONGEST_SOURCE:
        return None
    return CellSource("".join(lines), code.co_filename, 1)


class CellRerun:
    """A prepared cell or expression. Made before the cell runs, so that re-runs begin where the first run began."""

    def __init__(self, shell: Any, program: Program, options: Options, local: dict[str, Any] | None = None) -> None:
        self._shell = shell
        self._program = program
        self._options = options
        codes = [program.statements, *([] if program.value is None else [program.value])]
        also = [*program.plan.earlier, *([] if options.of is None else [options.of])]
        self._surroundings = Surroundings(shell.user_ns, codes, also, local)
        self._local = local
        self._session = session_settings()
        self._watched: dict[str, Any] = {}  # tensors that were there before, by the names under which they are inputs
        self._fixed: set[str] = set()

    def first(self) -> Trace:
        """The cell itself, run in the user's namespace."""
        __tracebackhide__ = True
        trace: Trace = record(self._shell, self._program, self._options, self._local)
        if not self._program.plan.names:
            self._watch(trace)
        return trace

    def moves(self, name: str) -> bool:
        """Every input but a tensor that the cell makes without a name of its own, such as a new module's parameter."""
        return name not in self._fixed

    def _watch(self, trace: Trace) -> None:
        """Note which tensors of PyTorch's style were the inputs, so that a run can begin by moving them."""
        tensors = {name: tensor_of(node) for name, node in trace._inputs.items()}
        made = [name for name, tensor in tensors.items() if tensor is not None and not self._surroundings.holds(tensor)]
        self._watched = {name: t for name, t in tensors.items() if t is not None and name not in made}
        names = self._shell.user_ns
        assigned = tuple(name for name in made if name in self._program.assigned and names.get(name) is tensors[name])
        self._fixed = set(made) - set(assigned)
        if assigned:
            named = prepare(self._shell, self._program.cell, dataclasses.replace(self._options, names=assigned))
            self._program = dataclasses.replace(named, plan=self._program.plan)

    def __call__(self, values: Mapping[str, Any], setup: Setup) -> Trace:
        options = dataclasses.replace(self._options, mode=setup.mode, order=setup.order, device=setup.device)
        namespace, tensors = self._surroundings.fresh_for(self._watched.values())
        for name, tensor in zip(self._watched, tensors, strict=True):
            tensor.__adkit_move__(values[name])
        space = _Throwaway(namespace, self._program.plan, _Chosen(self._program.plan.names, values))
        session = {**self._session, "mode": setup.mode, "device": setup.device}
        with adkit.settings(**session), silence(self._shell):
            trace: Trace = _rerecorded(self._program, options, space)
        return trace


def _rerecorded(program: Program, options: Options, space: RecordedNamespace) -> Any:
    """As `cell.record`, but in a namespace that nobody sees afterwards."""
    from adkit.tracing import recording

    try:
        with recording() as rec:
            rec.adopt = lambda value: space.inputs.adopt(value, space.namespace)
            space.prepare()
            value = execute(program, space.namespace)
            name, output = choose_output(program, value, options.of, space.namespace, rec)
            space.inputs.settle(leaves_of(output), space.namespace)
    finally:
        space.restore()
    return make_trace(rec, program, options, space, name, output)


class _Chosen(Inputs):
    """The inputs of a running cell, with the explorer's values in place of those that the code gives them."""

    def __init__(self, names: tuple[str, ...], values: Mapping[str, Any]) -> None:
        super().__init__(names)
        self._values = values
        self._of_face = False

    def add(self, name: str, value: Any) -> Any:
        """Make the explorer's value the input `name`."""
        if is_face(value):
            return super().add(name, value)
        return super().add(name, own(self._values[name]) if name in self._values else value)

    def _add_face(self, name: str, value: Any) -> Any:
        """Make a style's tensor the input `name`, with the explorer's value in the tensor's dtype."""
        self._of_face = True
        if name in self._values and hasattr(value, "__adkit_move__"):
            value.__adkit_move__(self._values[name])
        try:
            return super()._add_face(name, value)
        finally:
            self._of_face = False

    def settle(self, leaves: list[tuple[Any, Any]], namespace: Mapping[str, Any]) -> None:
        """As always, but the inputs stay in the order of the first run."""
        super().settle(leaves, namespace)
        if not self.named:
            place = {name: number for number, name in enumerate(self._values)}
            self.names = tuple(sorted(self.names, key=lambda name: place.get(name, len(place))))

    def make(self, name: str, value: Any) -> Any:
        """The handle of an input."""
        if self._of_face and name in self._values:
            value = numpy.asarray(own(self._values[name]), value.dtype)[()]
        return super().make(name, value)


class _Throwaway(RecordedNamespace):
    """A namespace that is dropped after the run, so that nothing in it has to become ordinary."""

    def __init__(self, namespace: dict[str, Any], plan: InputPlan, inputs: Inputs) -> None:
        super().__init__(namespace, plan, inputs)

    def _make_ordinary(self) -> None:
        self.note_names()


def session_settings() -> dict[str, Any]:
    """The settings in force when an explorer is made: its runs have threads of their own, which would not know them."""
    return dataclasses.asdict(adkit.settings.current())


def values_of(trace: Trace) -> dict[str, Any]:
    """The inputs of a trace by name, as the explorer may change them: plain NumPy arrays and numbers."""
    return {name: _plain(leaf) for name, leaf in trace._leaves.items()}


def _plain(leaf: Any) -> Any:
    return leaf if backends.backend_of(leaf) is not None else own(leaf)
