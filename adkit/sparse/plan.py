"""`sparse_plan`: the pattern and colouring of a sparse Jacobian or Hessian, made once, used at many points.

The pattern comes from the sparsity sweep over the recorded list, the groups from a colouring; an evaluation then takes
one sweep per group and reads the entries off. The direction is chosen by cost: a reverse sweep counts as two forward
ones (as in CasADi, Andersson et al. 2019, section 3.4).

Not for: colouring (`sparse.coloring`) and products without a matrix (`linear_operators`).
"""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy

from .. import backends, constants
from ..arguments import Arguments
from ..dtypes import numpy_dtype
from ..errors import ModeError, PlanError, UnsupportedError
from ..handle import TracedArray, is_traced
from ..linearization import Function, Linearization, independent, record
from ..nodes import Node, state
from ..seeds import size_of, total_size
from ..sweeps.order import active
from ..tracing import replayable
from ..vectorization import vmap
from . import coloring
from .structure import Structure

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__adkit__ = True

FORWARD_WEIGHT = 0.33  # forward if 0.33 · forward sweeps ≤ 0.67 · reverse sweeps
KEPT = 1 << 26  # bytes of seeds and products that a plan keeps between evaluations at most
BATCHED_FROM, BATCHED_UP_TO, BATCH = 8, 4096, 32  # groups, mean elements of an instruction, groups at once
DIRECTIONS = ("auto", "forward", "reverse")


@dataclass(frozen=True)
class Layout:
    """A pattern with its groups, and where each entry is found in the products: fixed for one program.

    `where[k]` is the place of entry k (in CSR order) in the array of products, one row per group, made flat.
    """

    structure: Structure
    pattern: csr_array
    direction: str
    colors: numpy.ndarray
    groups: int
    where: numpy.ndarray


class SparsePlan:
    """How to evaluate the sparse Jacobian or Hessian of a function: `plan(x)`; made by `sparse_plan`.

    Attributes
    ----------
    pattern: the positions that may be non-zero, a boolean `scipy.sparse.csr_array`.
    direction: "forward" (groups of columns) or "reverse" (groups of rows).
    colors: the group of each column (of each row, in reverse), −1 for those without entries.
    groups: how many groups there are, and so how many sweeps an evaluation takes.
    changes: how often a point ran another program, so that the plan was made anew.
    """

    def __init__(
        self, f: Function, argnums: int | Sequence[int], of: str, direction: str, on_change: str, changes: int = 0
    ) -> None:
        self.f = f
        self.argnums = argnums
        self.of = of
        self.wanted = direction
        self.on_change = on_change
        self.changes = changes
        self._layout: Layout | None = None
        self._workspaces: list[Workspace] = []

    @property
    def layout(self) -> Layout:
        """The layout made last."""
        assert self._layout is not None
        return self._layout

    @property
    def pattern(self) -> csr_array:
        """The positions that may be non-zero."""
        layout = self.layout
        return _csr(layout, layout.pattern.data.copy())

    @property
    def direction(self) -> str:
        """The sweeps that an evaluation takes."""
        return self.layout.direction

    @property
    def colors(self) -> numpy.ndarray:
        """The group of each column or row."""
        return self.layout.colors.astype(int)

    @property
    def groups(self) -> int:
        """The number of groups."""
        return self.layout.groups

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the matrix."""
        return self.layout.pattern.shape

    @property
    def nnz(self) -> int:
        """The number of entries of the pattern."""
        return self.layout.pattern.nnz

    def __repr__(self) -> str:
        name = getattr(self.f, "__name__", "f")
        m, n = self.shape
        share = self.nnz / max(1, m * n)
        return (
            f"<sparse {self.of} of {name}: {m} × {n}, {self.nnz} entries ({100 * share:.3g} %), "
            f"{self.groups} {self.direction} {'sweep' if self.groups == 1 else 'sweeps'}>"
        )

    def __call__(self, *args: Any, **kwargs: Any) -> csr_array:
        """The matrix at a point, a `scipy.sparse.csr_array` with the plan's pattern (zeros that happen are kept)."""
        return self.evaluate(args, kwargs)[0]

    def evaluate(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[csr_array, Linearization]:
        """The matrix and the recording that it was made from."""
        with constants.SCOPE:
            lin = self._recorded(args, kwargs)
            layout = self._layout
            if layout is None or not layout.structure.matches(*_program(lin)):
                layout = self._changed(args, kwargs, layout)
            return _csr(layout, self._entries(lin, layout)), lin

    def _entries(self, lin: Linearization, layout: Layout) -> numpy.ndarray:
        """The values of the pattern's entries: one sweep per group, then one lookup.

        Seeds and products stay with the plan for the next point, since to make them anew takes about as long as a
        sweep; a thread takes them out while it uses them.
        """
        try:
            space = self._workspaces.pop()
        except IndexError:
            space = Workspace(lin, layout)
        if not space.fits(lin, layout):
            space = Workspace(lin, layout)
        space.fill(lin)
        entries = space.products.reshape(-1).take(layout.where)
        if space.is_kept and not self._workspaces:
            self._workspaces.append(space)
        return entries

    def _changed(self, args: tuple[Any, ...], kwargs: dict[str, Any], before: Layout | None) -> Layout:
        if before is not None and self.on_change == "raise":
            raise PlanError(
                "the function ran another program at this point (another branch, index or shape) than the one that "
                "the plan was made for",
                fix="make a plan for this point with sparse_plan, or one with on_change='replan'",
            )
        self.changes += before is not None
        self._layout = made = self._planned(args, kwargs)
        return made

    def prepare(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> SparsePlan:
        """Make the plan for the program at a point."""
        with constants.SCOPE:
            self._layout = self._planned(args, kwargs)
        return self

    def _planned(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Layout:
        from ..sweeps.sparsity import SparsitySweep

        with replayable():  # keeps conditions as variables, which a constant mask is not
            lin = self._recorded(args, kwargs)
            order, inputs, outputs, shapes = _program(lin)
            sweep = SparsitySweep(order, inputs)
            found = sweep.sweep(outputs, [math.prod(shape) for shape in shapes])
            length, indices = sweep.sets.gathered(numpy.concatenate(found))
        structure = Structure(order, inputs, outputs, shapes, sweep.consulted)
        indptr = numpy.concatenate([[0], numpy.cumsum(length)])
        shape = (len(length), sweep.sets.size)
        make = _hessian_layout if self.of == "hessian" else _jacobian_layout
        return make(structure, shape, indptr, indices, self.wanted)

    def _recorded(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Linearization:
        state.cut = None
        arguments = Arguments(args, self.argnums)
        f = self.f
        if self.of == "hessian":
            from ..transforms import grad

            f = grad(f, self.argnums, mode="reverse")
        lin = record(f, arguments.leaves, lambda handles: f(*arguments.replaced(handles), **kwargs))
        if not lin.reaches():
            raise independent(lin.outputs)
        _check_real(lin)
        return lin


def _check_real(lin: Linearization) -> None:
    if lin.enclosed or any(is_traced(leaf) for leaf in lin.leaves):
        raise UnsupportedError(
            "a sparse matrix cannot be differentiated in its turn",
            fix="take the dense jacobian or hessian inside a function that is differentiated",
        )
    if any(numpy_dtype(leaf).kind == "c" for leaf in (*lin.leaves, *lin.outputs)):
        raise ModeError(
            "a sparse matrix of derivatives needs real inputs and outputs, and some are complex",
            fix="take real and imaginary parts as inputs and outputs, or use the dense jacobian",
        )


def _program(lin: Linearization) -> tuple[list[Node], list[Node], list[Node | None], list[tuple[int, ...]]]:
    """What `Structure` and the sparsity sweep need of a recording."""
    order = active(lin.order(), lin.inputs)
    reached = set(order)
    nodes = [leaf.node if isinstance(leaf, TracedArray) and leaf.node in reached else None for leaf in lin.outputs]
    return order, lin.inputs, nodes, [tuple(getattr(leaf, "shape", ())) for leaf in lin.outputs]


# ------------------------------------------------------------------------------------------------ layouts


def _jacobian_layout(
    structure: Structure, shape: tuple[int, int], indptr: numpy.ndarray, indices: numpy.ndarray, wanted: str
) -> Layout:
    """Groups of columns or of rows, whichever cost less."""
    rows = numpy.repeat(numpy.arange(shape[0]), numpy.diff(indptr))
    by_column = numpy.argsort(indices, kind="stable")
    column_ptr = numpy.concatenate([[0], numpy.cumsum(numpy.bincount(indices, minlength=shape[1]))])
    row_length = numpy.diff(indptr).max(initial=0)  # no fewer groups of columns than this are possible
    column_length = numpy.diff(column_ptr).max(initial=0)
    forward = reverse = None
    if wanted == "forward" or (wanted == "auto" and not _reverse_is_cheaper(row_length, column_length)):
        forward = coloring.columns(column_ptr, rows[by_column], shape[0])
        if wanted == "auto" and _reverse_is_cheaper(forward.max(initial=-1) + 1, column_length):
            reverse = coloring.columns(indptr, indices, shape[1])
    else:
        reverse = coloring.columns(indptr, indices, shape[1])
        if wanted == "auto" and not _reverse_is_cheaper(row_length, reverse.max(initial=-1) + 1):
            forward = coloring.columns(column_ptr, rows[by_column], shape[0])
    if forward is not None and (
        reverse is None or not _reverse_is_cheaper(forward.max(initial=-1) + 1, reverse.max(initial=-1) + 1)
    ):
        where = forward[indices] * shape[0] + rows
        return _layout(structure, shape, indptr, indices, "forward", forward, where)
    assert reverse is not None
    return _layout(structure, shape, indptr, indices, "reverse", reverse, reverse[rows] * shape[1] + indices)


def _reverse_is_cheaper(forward: int, reverse: int) -> bool:
    return FORWARD_WEIGHT * forward > (1 - FORWARD_WEIGHT) * reverse


def _hessian_layout(
    structure: Structure, shape: tuple[int, int], indptr: numpy.ndarray, indices: numpy.ndarray, wanted: str
) -> Layout:
    """A star colouring, or one of columns where that needs no more groups (its entries are read off in order)."""
    rows = numpy.repeat(numpy.arange(shape[0]), numpy.diff(indptr))
    # the Hessian is symmetric, so an entry whose mirror image is certain to be zero is zero too
    mine, mirrored = rows.astype(numpy.int64) * shape[1] + indices, indices.astype(numpy.int64) * shape[1] + rows
    keep = numpy.isin(mine, mirrored, assume_unique=True)
    rows, indices = rows[keep], indices[keep]
    indptr = numpy.concatenate([[0], numpy.cumsum(numpy.bincount(rows, minlength=shape[0]))])
    colors = coloring.star(indptr, indices)
    plain = coloring.columns(indptr, indices, shape[0], orders=1) if colors.max(initial=-1) > 1 else colors
    if plain.max(initial=-1) <= colors.max(initial=-1):
        colors = plain
    direct = coloring.sole_of_its_color(rows, indices, colors)
    where = numpy.where(direct, colors[indices] * shape[0] + rows, colors[rows] * shape[0] + indices)
    direction = "reverse" if wanted == "reverse" else "forward"
    return _layout(structure, shape, indptr, indices, direction, colors, where)


def _layout(
    structure: Structure,
    shape: tuple[int, int],
    indptr: numpy.ndarray,
    indices: numpy.ndarray,
    direction: str,
    colors: numpy.ndarray,
    where: numpy.ndarray,
) -> Layout:
    from scipy.sparse import csr_array

    small = max(len(indices), *shape) < 2**31
    kind = numpy.int32 if small else numpy.int64
    pattern = csr_array((numpy.ones(len(indices), bool), indices.astype(kind), indptr.astype(kind)), shape=shape)
    pattern.has_canonical_format = True
    groups = int(colors.max(initial=-1)) + 1
    return Layout(structure, pattern, direction, colors.astype(numpy.min_scalar_type(-max(1, groups))), groups, where)


def _csr(layout: Layout, data: numpy.ndarray) -> csr_array:
    """The pattern with these entries: a copy, which skips the checks that take `csr_array` as long as a sweep."""
    made = copy.copy(layout.pattern)
    made.data, made.indices, made.indptr = data, made.indices.copy(), made.indptr.copy()
    return made


# ------------------------------------------------------------------------------------------------ evaluation


class Workspace:
    """The seeds of all groups and the products with them, for one layout and the dtypes of one recording.

    Attributes
    ----------
    products: a row per group, the swept leaves one after the other.
    is_kept: whether it is small enough to be kept between evaluations, with its seeds made beforehand.
    """

    def __init__(self, lin: Linearization, layout: Layout) -> None:
        seeded, swept = _ends(lin, layout)
        self.layout = layout
        self.dtypes = _dtypes(lin)
        dtype = numpy.result_type(*self.dtypes)
        shape = (layout.groups, total_size(swept))
        self.products = numpy.empty(shape, dtype if dtype.kind == "f" else numpy.float64)
        self.is_kept = layout.groups * (total_size(seeded) + shape[1]) * self.products.itemsize <= KEPT
        groups = range(layout.groups if self.is_kept else 0)
        self._made = [_seeds(layout.colors == group, seeded) for group in groups]

    def fits(self, lin: Linearization, layout: Layout) -> bool:
        """Whether it was made for this layout and for such a recording."""
        return self.layout is layout and self.dtypes == _dtypes(lin)

    def _seeds(self, group: int, leaves: Sequence[Any]) -> list[Any]:
        return self._made[group] if self._made else _seeds(self.layout.colors == group, leaves)

    def fill(self, lin: Linearization) -> None:
        """Sweep once per group, or several groups at once."""
        layout = self.layout
        forward = layout.direction == "forward"
        seeded, swept = _ends(lin, layout)
        plan = lin.plan() if forward else None

        def sweep(*seeds: Any) -> list[Any]:
            return lin.push(seeds, plan) if forward else lin.pull(seeds)

        width = _at_once(lin, layout.groups)
        for first in range(0, layout.groups, width):
            several = self.products[first : first + width]
            given = [self._seeds(group, seeded) for group in range(first, first + len(several))]
            if width == 1:
                parts = sweep(*given[0])
            else:
                parts = vmap(sweep)(*(numpy.stack(seeds) for seeds in zip(*given, strict=True)))
            for part, start, leaf in _split(swept, parts):
                several[:, start : start + size_of(leaf)] = numpy.reshape(backends.to_numpy(part), (len(several), -1))


def _ends(lin: Linearization, layout: Layout) -> tuple[Sequence[Any], Sequence[Any]]:
    """The leaves that are seeded and those that the sweep ends at."""
    return (lin.leaves, lin.outputs) if layout.direction == "forward" else (lin.outputs, lin.leaves)


def _dtypes(lin: Linearization) -> list[numpy.dtype]:
    return [numpy_dtype(leaf) for leaf in (*lin.leaves, *lin.outputs)]


def _at_once(lin: Linearization, groups: int) -> int:
    """How many groups are swept as one batch: several where many sweeps go over small arrays, whose cost is Python's.

    On large arrays a batch gains nothing, and recording the sweep for it costs about as much as three sweeps.
    """
    if groups < BATCHED_FROM or any(backends.backend_of(leaf) for leaf in lin.leaves):
        return 1
    order = lin.order()
    size = sum(node.size for node in order) // max(1, len(order))
    return min(groups, BATCH) if size <= BATCHED_UP_TO else 1


def _seeds(chosen: numpy.ndarray, leaves: Sequence[Any]) -> list[Any]:
    """Ones at the chosen elements of leaves, zeros elsewhere."""
    seeds = []
    start = 0
    for leaf in leaves:
        dtype = numpy_dtype(leaf)
        flat = chosen[start : start + size_of(leaf)].astype(dtype if dtype.kind == "f" else float)
        start += size_of(leaf)
        shape = tuple(getattr(leaf, "shape", ()))
        seeds.append(flat.reshape(shape) if shape else flat[0])
    return seeds


def _split(leaves: Sequence[Any], parts: Sequence[Any]) -> list[tuple[Any, int, Any]]:
    """Each part with the place where it starts in the flat vector, and its leaf."""
    made = []
    start = 0
    for leaf, part in zip(leaves, parts, strict=True):
        made.append((part, start, leaf))
        start += size_of(leaf)
    return made


# ------------------------------------------------------------------------------------------------ the public function


def sparse_plan(
    f: Function,
    *args: Any,
    of: str = "jacobian",
    argnums: int | Sequence[int] = 0,
    direction: str = "auto",
    on_change: str = "replan",
) -> SparsePlan:
    """A plan for the sparse Jacobian or Hessian of f: its pattern and groups at a point, for evaluation at many.

    Parameters
    ----------
    f: a function of numbers, arrays and trees of them, that returns such (for a Hessian: one real scalar).
    args: the point; its values do not matter, only which program f runs there.
    of: "jacobian" or "hessian".
    argnums: the positional argument(s) to differentiate.
    direction: "forward", "reverse", or "auto", which takes the cheaper one.
    on_change: at a point where f runs another program (a branch, an index, a shape), "replan" makes the plan anew, and
        "raise" raises `PlanError`. The comparison costs far less than an evaluation.

    Inputs and outputs are seen as flat vectors: the leaves of a tree one after the other, each in C order. The pattern
    is certain to contain every non-zero at any point that runs the same program. `plan(x)` returns a
    `scipy.sparse.csr_array`. Raises `ModeError` for complex values, and `UnsupportedError` where the derivative is too
    dense for a pattern, or is to be differentiated in its turn.

    Example
    -------
    >>> import numpy as np
    >>> plan = sparse_plan(lambda x: x[1:] - x[:-1] ** 2, np.ones(5))
    >>> plan.direction, plan.groups, plan.colors
    ('forward', 2, array([0, 1, 0, 1, 0]))
    >>> plan(np.array([1.0, 2.0, 3.0])).toarray()
    array([[-2.,  1.,  0.],
           [ 0., -4.,  1.]])
    """
    _check_choice("of", of, ("jacobian", "hessian"))
    _check_choice("direction", direction, DIRECTIONS)
    _check_choice("on_change", on_change, ("replan", "raise"))
    return SparsePlan(f, argnums, of, direction, on_change).prepare(args, {})


def _check_choice(name: str, given: str, known: Sequence[str]) -> None:
    if given not in known:
        raise ModeError(f"{name}={given!r} is not known", fix="use " + " or ".join(map(repr, known)))


def evaluator(f: Function, argnums: int | Sequence[int], of: str) -> Callable[..., csr_array]:
    """`jacobian(f, mode="sparse")` and its kin: a plan made at the first call, and kept as long as it holds."""
    plan = SparsePlan(f, argnums, of, "auto", "replan")

    @functools.wraps(f)
    def sparse_matrix(*args: Any, **kwargs: Any) -> csr_array:
        return plan(*args, **kwargs)

    return sparse_matrix
