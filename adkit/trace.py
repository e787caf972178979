"""`trace(f)(*args)` and `Trace`: one evaluation with everything that can be said about it.

A `Trace` holds the value, the Wengert list, the derivatives by input name, and the tangent and adjoint of every
variable; its views are made from `document()`. Not for: plain derivatives, which the transformations give faster.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy

from . import constants, finiteness
from .arguments import shaped
from .backends import backend_of, to_numpy
from .dtypes import numpy_dtype
from .errors import InputError, ModeError
from .handle import TracedArray, is_traced
from .linearization import independent, on_device_of, raise_explained
from .listing import Listing, ancestors_of
from .named_derivatives import FirstDerivatives, higher_derivatives
from .named_inputs import NamedInputs, bind
from .nodes import GuardRecord, Node, Recording, Results
from .pytrees import flatten, lift, unflatten
from .seeds import seed_of, total_size
from .settings import settings, watch
from .sweeps.forward import ForwardPlan
from .sweeps.order import active, ancestors
from .sweeps.replay import Replay
from .sweeps.reverse import reverse_sweep
from .tracing import make_input, recording
from .wengert import WengertList

__adkit__ = True

LARGEST_COPY = 4096


@dataclass(frozen=True)
class CellSource:
    """The source that a trace shows: `text` whose first line is `first_line` of `filename`."""

    text: str
    filename: str
    first_line: int = 1


class Trace:
    """One evaluation of a function or cell, with its derivatives.

    Attributes
    ----------
    value: the result, untraced.
    mode, mode_reason: "forward" or "reverse", and why.
    gradient: input name -> derivative of the output by that input, in the input's container, shape and dtype; for an
    output that
        is an array the Jacobian, of shape output + input, or the array of derivatives where output and input correspond
        element by element.

    `t["x"]` and `t.x` are `t.gradient["x"]`. Made by `trace` and by the `%%grad` magic.

    Example
    -------
    >>> import numpy as np
    >>> t = trace(lambda x, w: np.sin(x) * w)(0.0, 2.0)
    >>> t.value, t.mode, t["x"]
    (np.float64(0.0), 'reverse', 2.0)
    >>> print(t.wengert)
    v₋₁ = x
    v₀ = w
    v₁ = sin(v₋₁)
    v₂ = v₁ · v₀
    return v₂
    """

    def __init__(
        self,
        inputs: Mapping[str, Node],
        nodes: list[Node],
        leaves: Mapping[str, Any],
        output: TracedArray,
        value: Any,
        guards: list[GuardRecord],
        *,
        output_name: str = "output",
        mode: str = "auto",
        order: int = 1,
        source: CellSource | None = None,
        names: Mapping[Node, str] | None = None,
        containers: Mapping[str, Any] | None = None,
        checksums: constants.Checksums | None = None,
        decisions: list[GuardRecord] | None = None,
    ) -> None:
        given_by_numpy = all(backend_of(leaf) is None for leaf in leaves.values())
        if type(order) is not int or order < 1:
            raise ModeError(f"order={order!r} is not possible", fix="use a whole number from 1")
        self.value = to_numpy(value)[()] if given_by_numpy and backend_of(value) is not None else value
        self.output_name = output_name
        self.order = order
        self.source = source
        self._inputs = dict(inputs)
        self._leaves = dict(leaves)
        self._output = output
        self._guards = guards
        self._decisions = decisions or []  # conditions of recorded sweeps, which a replay depends on but no view shows
        self._names = dict(names or {})
        self._containers = dict(containers or {})
        self._nodes = nodes
        self._checksums = checksums or constants.Checksums()
        self._detach()
        self.mode, self.mode_reason = self._choose(mode)
        self.report: Any = None
        with constants.SCOPE:
            self._derivatives = self._first().by_name()
        if watch.asked:
            finiteness.verify_trace(self)

    # -- making

    @classmethod
    def from_recording(
        cls,
        record: Recording,
        *,
        inputs: Mapping[str, TracedArray],
        output: Any,
        output_name: str = "output",
        mode: str = "auto",
        order: int = 1,
        source: CellSource | None = None,
        names: Mapping[str, Any] | None = None,
        leaves: Mapping[str, Any] | None = None,
        containers: Mapping[str, Any] | None = None,
    ) -> Trace:
        """The trace of what `recording()` recorded.

        Parameters
        ----------
        inputs: name -> handle as `make_input` made it.
        output: the handle of the result.
        names: the user's variables at the end: name -> handle.
        leaves: name -> the input's plain value as the user gave it, whose type the gradient gets.
        containers: argument name -> (structure, names of its leaves), where inputs came in containers.

        Raises `IndependentError` if the output depends on no input.
        """
        nodes = {name: handle.node for name, handle in inputs.items()}
        between = active(ancestors([output.node], 0)[0], list(nodes.values())) if is_traced(output) else []
        if not between or between[-1] is not output.node:
            raise independent(output)
        named = {handle.node: name for name, handle in (names or {}).items() if is_traced(handle)}
        return cls(
            nodes,
            between,
            leaves or {name: float(n.value) if n.dtype is float else n.value for name, n in nodes.items()},
            output,
            output.value,
            record.guards,
            output_name=output_name,
            mode=mode,
            order=order,
            source=source,
            names=named,
            containers=containers,
            checksums=record.checksums,
            decisions=record.decisions,
        )

    def _detach(self) -> None:
        """Keep what the sweeps read from what the user's code goes on to do with the arrays that it computed.

        Small ones are copied, large ones remembered by their checksums.
        """
        for node in {*self._nodes, *self._inputs.values()}:
            node.value = self._kept(node.value)
        self._output = TracedArray(self._output.node, self._kept(self._output.value))
        for name, leaf in self._leaves.items():
            if type(leaf) is numpy.ndarray:
                self._leaves[name] = to_numpy(self._inputs[name].value)

    def _kept(self, value: Any) -> Any:
        if type(value) is Results:
            return Results(map(self._kept, value))
        if type(value) is not numpy.ndarray:
            return value
        if value.nbytes <= constants.COPY_BYTES:
            return value.copy("K")
        self._checksums.add(value)
        return value

    def _choose(self, mode: str) -> tuple[str, str]:
        if mode == "auto":
            mode = settings.current().mode
        n = total_size(list(self._leaves.values()))
        m = self._output.size
        counts = f"{n} input{'s' * (n != 1)}, {m} output{'s' * (m != 1)}"
        if mode == "auto":
            return ("forward" if n < m else "reverse"), counts
        if mode not in ("forward", "reverse"):
            raise ModeError(f"mode={mode!r} is not known", fix="use 'auto', 'forward' or 'reverse'")
        return mode, "as asked for"

    # -- derivatives

    def _first(self) -> FirstDerivatives:
        return FirstDerivatives(self._inputs, self._leaves, self._output, self._nodes, self.mode)

    def is_elementwise(self, name: str) -> bool:
        """Whether output and an input correspond element by element, so that the derivative is the Jacobian's
        diagonal.
        """
        return self._first().is_elementwise(name)

    @property
    def gradient(self) -> dict[str, Any]:
        """Input name -> first derivative of the output."""
        return self._packed(self._derivatives)

    def _packed(self, by_leaf: Mapping[str, Any]) -> dict[str, Any]:
        if not self._containers:
            return dict(by_leaf)
        return {
            name: unflatten(structure, [by_leaf.get(leaf) for leaf in leaf_names])
            for name, (structure, leaf_names) in self._containers.items()
        }

    def higher(self, order: int | None = None) -> dict[tuple[str, ...], Any]:
        """Derivatives of an order above 1 by replaying the recorded path: `(x, x)` -> ∂²/∂x², and so on.

        Order 2 takes any real inputs of a scalar output, and gives mixed derivatives of scalar inputs too; higher
        orders take scalar inputs one at a time. Complex inputs are left out. Raises `ModeError` for an output that is
        an array, and where no input is left.
        """
        if self._output.shape:
            raise ModeError(
                "a derivative of order 2 or more needs a scalar output",
                fix="sum the output, or name a scalar with --of",
            )
        return higher_derivatives(self.replay(), self.points(), self.order if order is None else order)

    def points(self) -> dict[str, Any]:
        """The inputs where they were recorded, on their device, as a replay takes them."""
        return {name: float(n.value) if n.dtype is float else n.value for name, n in self._inputs.items()}

    def replay(self) -> Replay:
        """The recorded program as a function of its inputs."""
        self._checksums.verify()
        inputs, output, conditions = list(self._inputs.values()), self._output.node, [*self._guards, *self._decisions]
        # with the inputs of inner transformations, which a listing leaves out, and what the conditions depend on
        nodes = ancestors_of([output, *(condition.node for condition in conditions)], inputs)
        replay = Replay(nodes, inputs, output, conditions)
        if not replay.possible:
            raise ModeError(
                "this trace cannot be replayed: not all of its constants were kept",
                fix="record it again with adkit.trace",
            )
        return replay

    def __getitem__(self, name: str) -> Any:
        found = {**self._derivatives, **self.gradient}  # a leaf of a container has a name of its own
        if name not in found:
            raise InputError(f"{name!r} is no input of this trace", fix=f"its inputs are {', '.join(self.gradient)}")
        return found[name]

    def __getattr__(self, name: str) -> Any:
        names = self.__dict__.get("_containers") or self.__dict__.get("_inputs", {})
        if not name.startswith("_") and name in names:
            return self[name]
        raise AttributeError(f"a Trace has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.gradient})

    # -- sweeps

    def forward(self, **tangents: Any) -> dict[str, Any]:
        """The tangent of every variable ("v-1", "v1", …) for tangents of the inputs by name; inputs left out have none.

        Without arguments every input has the tangent 1. Raises `InputError` for an unknown name and for a tangent of
        another shape than its input.
        """
        unknown = set(tangents) - set(self._inputs)
        if unknown:
            raise InputError(
                f"{sorted(unknown)[0]!r} is no input of this trace", fix=f"its inputs are {', '.join(self._inputs)}"
            )
        if tangents:
            given = [(tangents.get(name), node) for name, node in self._inputs.items()]
            seeds = [None if seed is None else shaped(seed, node.value, "tangent") for seed, node in given]
        else:
            seeds = [
                numpy.ones(n.shape, numpy_dtype(n)) if n.shape else numpy_dtype(n).type(1)
                for n in self._inputs.values()
            ]
        return self._by_variable(self.tangents(seeds))

    def _by_variable(self, seen: Mapping[Node, Any]) -> dict[str, Any]:
        """What a sweep yielded, by the keys of the variables, in order."""
        ids = self.listing().ids
        return {f"v{ids[node]}": seen[node] for node in sorted(seen, key=ids.__getitem__)}

    def tangents(self, seeds: list[Any]) -> dict[Node, Any]:
        """The tangent of every node for tangents of the inputs in order, `None` for zero."""
        self._checksums.verify()
        listing = self.listing()
        inputs = list(self._inputs.values())
        seen = {
            node: numpy_dtype(node).type(seed) if not node.shape else seed
            for node, seed in zip(inputs, seeds, strict=True)
            if seed is not None
        }

        def visit(node: Node, tangent: Any) -> None:
            if node not in listing.aliases:
                _keep(seen, node, tangent)

        with constants.SCOPE:
            given = [None if s is None else on_device_of(seen[n], n.value) for n, s in zip(inputs, seeds, strict=True)]
            ForwardPlan([self._output.node], inputs, self._nodes).sweep(given, visit)
        return seen

    def reverse(self, seed: Any = None) -> dict[str, Any]:
        """The adjoint of every variable ("v-1", "v1", …) for a seed of the output, by default ones.

        Raises `InputError` for a seed of another shape than the output.
        """
        return self._by_variable(self.adjoints(seed))

    def adjoints(self, seed: Any = None) -> dict[Node, Any]:
        """The adjoint of every node for a seed of the output, by default ones."""
        self._checksums.verify()
        listing = self.listing()
        seen: dict[Node, Any] = {}

        def visit(node: Node, adjoint: Any) -> None:
            if node not in listing.aliases:
                _keep(seen, node, adjoint)

        with constants.SCOPE:
            reverse_sweep(
                [(self._output.node, self._seed(seed))], list(self._inputs.values()), self._nodes, visit=visit
            )
        return seen

    def _seed(self, seed: Any) -> Any:
        out = self._output
        if seed is None:
            if not out.shape:
                return seed_of(out)
            from .backends import asarray_like

            return asarray_like(numpy.ones(out.shape, out.dtype), out.value)
        return on_device_of(shaped(seed, out.value, "seed"), out.value)

    @property
    def adjoint_program(self) -> WengertList:
        """The reverse sweep itself as a Wengert list: the program, then the instructions that compute the adjoints.

        Its inputs are those of the trace and the seed of the output; its outputs the adjoints of the inputs.
        """
        self._checksums.verify()
        listing = self.listing()
        seed = make_input(self._seed(None), "seed")
        with recording():
            swept = reverse_sweep([(self._output.node, seed)], list(self._inputs.values()), self._nodes, recorded=True)
        outputs = [g.node if is_traced(g) else 0.0 if g is None else g for g in swept]
        label = f"{self.output_name}̄"
        return Listing({**self._inputs, label: seed.node}, outputs, [], listing.names).wengert()

    # -- the list and the views

    def listing(self) -> Listing:
        """The nodes with their numbers and names."""
        made = self.__dict__.get("_listing")
        if made is None:
            names = {self._output.node: self.output_name} if self.output_name.isidentifier() and self.source else {}
            made = self._listing = Listing(self._inputs, [self._output.node], self._guards, {**self._names, **names})
        return made

    @functools.cached_property
    def wengert(self) -> WengertList:
        """The recorded program as plain data."""
        return self.listing().wengert()

    def check(self) -> Any:
        """Compare both modes with each other and with an independent numerical derivative; see `adkit.check`."""
        from .check import check_replay

        self.report = check_replay(self.replay(), self.points())
        return self.report

    def why_nan(self) -> Any:
        """Which operation made the first NaN or infinity of value or derivative, why, and the fix, as a report.

        `.data` is a tuple of `adkit.diagnose.nan_origin.Origin`. Nothing runs again.
        """
        from .diagnose.nan_origin import of_trace

        return of_trace(self)

    def flow(self) -> Any:
        """How large the adjoints are along the program, where they vanish or explode; see `adkit.diagnose.flow`."""
        from .diagnose.flow import flow

        return flow(self)

    def why(self, output: str | None = None, input: str | None = None) -> Any:
        """The paths that carry most of a derivative, or where a zero one was cut; see `adkit.diagnose.paths`."""
        from .diagnose.paths import why

        return why(self, output, input)

    def to_source(self, mode: str | None = None) -> Any:
        """Value and derivatives as a standalone function of NumPy (and SciPy), a `str` with attributes.

        The function takes the inputs in order, follows the recorded path (it asserts its guards and shapes, and that no
        derivative came out as NaN), and returns the value and a dict of derivatives by input name, as `gradient` has
        them before they are packed into containers. `mode` is "forward", "reverse", or the trace's own. Arrays of more
        than 16 elements are no part of the text: the function takes them as keyword arguments, which are in the
        attribute `constants`; the attribute `function` is its name. Raises `EmitError` for an operation that cannot be
        written, such as a loop as one instruction.

        Example
        -------
        >>> print(trace(lambda x: x * x)(3.0).to_source().splitlines()[-1].strip())
        return v1, {"x": d_x}
        """
        from .emit.source import to_source

        return to_source(self, mode)

    def cost(self) -> Any:
        """What forward and reverse mode cost for this derivative, counted and measured; see `adkit.diagnose.cost`.

        It holds times, so nbval cannot compare a cell that shows it: mark that with `# NBVAL_IGNORE_OUTPUT`.
        """
        from .diagnose.cost import cost

        return cost(self)

    def diff(self, other: Trace) -> Any:
        """What differs from another trace, aligned by source; see `adkit.diagnose.difference`."""
        from .diagnose.difference import difference

        return difference(self, other)

    def to_latex(self, mode: str | None = None) -> Any:
        """The formulas of the value and of each derivative, and the chain rule step by step, for inputs that are
        numbers: an `adkit.emit.latex.Formula`, whose `str()` is LaTeX and which a notebook typesets.

        Formulas that would be too long name their parts. Raises `ModeError` where an input or the output is an array.

        Example
        -------
        >>> import numpy as np
        >>> trace(lambda x: x * np.sin(x))(1.0).to_latex().derivatives["x"]
        '\\\\frac{\\\\partial f}{\\\\partial x} = \\\\sin\\\\left(x\\\\right) + x \\\\, \\\\cos\\\\left(x\\\\right)'
        """
        from .emit.latex import to_latex

        return to_latex(self, mode)

    def to_dot(self) -> str:
        """The computational graph in Graphviz's language: inputs, instructions, output, with values and derivatives."""
        from .emit.graphs import to_dot

        return to_dot(self)

    def to_networkx(self) -> Any:
        """The computational graph as a `networkx.MultiDiGraph`, which needs the package networkx.

        Nodes are the variables ("v-1", "v1", …) with the attributes kind, name, label, operation, value, derivative
        (the tangent or adjoint), shape, dtype and line; an edge goes from each operand to the result, with the
        attribute position. Raises `InputError` if networkx is not installed.
        """
        from .emit.graphs import to_networkx

        return to_networkx(self)

    def to_figure(self) -> Any:
        """The plots as a `matplotlib.figure.Figure`, to be changed and printed: value and derivative along each input
        that is a number, and each derivative with two axes as a heat map.

        The same trace gives the same file (`savefig(path, metadata={"Date": None})`, and for SVG a fixed
        `svg.hashsalt`). Raises `InputError` where there is nothing to plot, `PackageError` without matplotlib.

        Example
        -------
        >>> figure = trace(lambda x: x * x)(3.0).to_figure()
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['value', 'derivative']
        """
        from .emit.figures import to_figure

        return to_figure(self)

    def to_html(self, path: Any) -> Any:
        """Write the trace as one page that opens in any browser without a network, and return the path."""
        from .emit.page import to_html

        return to_html(self, path)

    def document(self, views: tuple[str, ...] = ("list", "graph", "plot", "source")) -> dict[str, Any]:
        """Everything that a view shows, as plain JSON types; described in `docs/trace-schema.md`."""
        from .document import document

        with settings(nan="allow"):  # curves go to points where there may be no derivative
            return document(self, views)

    views: tuple[str, ...] = ("list", "graph", "plot", "source")
    reports: tuple[Any, ...] = ()  # the diagnoses that its document shows

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from .views import bundle

        return bundle(self.document(self.views))

    def __str__(self) -> str:
        from .views import text

        return text.render(self.document(("list",)))

    def __repr__(self) -> str:
        return f"<Trace of {self.output_name}: {len(self.listing().nodes)} instructions, {self.mode} mode>"


def _keep(seen: dict[Node, Any], node: Node, value: Any) -> None:
    """Keep a tangent or adjoint, but for those of large arrays that are filled element by element.

    The sweep writes these in place, one after the other; keeping each would take the square of their size.
    """
    if isinstance(value, numpy.ndarray):
        if value.size > LARGEST_COPY and node.primitive.name in ("index_update", "index_add"):
            return
        value = value[()] if not value.ndim else value.copy() if value.size <= LARGEST_COPY else value
    seen[node] = value


# ------------------------------------------------------------------------------------------------ functions


def trace(f: Callable[..., Any], *, mode: str = "auto", order: int = 1) -> Callable[..., Trace]:
    """A function that evaluates `f` with its arguments and returns the `Trace` of it.

    Every argument that is a number or float array, or a container of them, is an input under its parameter's name;
    others pass through, and so do whole numbers in containers unless there is no other input. The output must be one
    number or array. Raises `InputError` if no argument can be an input.

    Example
    -------
    >>> trace(lambda x: x**2)(3.0).gradient
    {'x': 6.0}
    """

    @functools.wraps(f)
    def traced(*args: Any, **kwargs: Any) -> Trace:
        bound = bind(f, args, kwargs)
        named = NamedInputs(bound.arguments)
        bound.arguments.update(named.arguments)
        with constants.SCOPE, recording() as record:
            try:
                result = f(*bound.args, **bound.kwargs)
            except Exception as error:
                raise_explained(error)
        return Trace.from_recording(
            record,
            inputs=named.inputs,
            output=_single(result),
            output_name=_output_name(f),
            mode=mode,
            order=order,
            leaves=named.leaves,
            containers=named.containers,
        )

    return traced


def _single(result: Any) -> Any:
    leaves, structure = flatten(result)
    if structure is not None and isinstance(result, list):
        from .numpy.creation import array

        return array(result)
    if structure is None or len(leaves) == 1:
        return lift(leaves[0])
    raise ModeError(
        f"a trace shows one output, and the function returned {len(leaves)}", fix="return one number or array"
    )


def _output_name(f: Callable[..., Any]) -> str:
    name = getattr(f, "__name__", "output")
    return "output" if name == "<lambda>" else name
