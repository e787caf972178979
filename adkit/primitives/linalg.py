"""Rows of linear algebra: products and contractions (multilinear), and solve and inv (general), batched over
leading axes. The other rows of linear algebra are in `triangles`, `determinants`, `factorizations`, `spectral` and
`matrix_functions`.

Formulas: M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation"
(2008). Transposes carry no conjugation: complex cotangents pair as Re Σ v̄·v̇.
"""

from __future__ import annotations

import string
from typing import Any

import numpy
from numpy import ndarray

from ..dtypes import numpy_dtype
from ..primitive import General, Multilinear
from . import lu
from .elementwise import multiply, negative
from .shape import broadcast_to, moved_to_front, reshape, shape_of, size_of, transpose, unbroadcast

__adkit__ = True


def swap_last(x: Any) -> Any:
    """The matrix transpose of the last two axes."""
    n = len(shape_of(x))
    return transpose(x, axes=(*range(n - 2), n - 1, n - 2))


def _as_matrices(a: Any, b: Any, g: Any) -> tuple[Any, Any, Any]:
    """The operands of matmul and the cotangent with the axes that vectors lack put in."""
    vector_a, vector_b = len(shape_of(a)) == 1, len(shape_of(b)) == 1
    shape = list(shape_of(g))
    if vector_a:
        shape.insert(len(shape) - (0 if vector_b else 1), 1)
    if vector_b:
        shape.append(1)
    g = reshape(g, shape=tuple(shape)) if tuple(shape) != shape_of(g) else g
    return vector_a, vector_b, g


def _are_plain_matrices(g: Any, given: Any, wanted: Any) -> bool:
    """Whether a cotangent and the other operand are matrices of NumPy's, and the operand asked for is a matrix."""
    return type(g) is ndarray and type(given) is ndarray and g.ndim == given.ndim == len(shape_of(wanted)) == 2


def _matmul_transpose_a(g: Any, a: Any, b: Any) -> Any:
    if _are_plain_matrices(g, b, a):
        return g @ b.T
    vector_a, vector_b, g = _as_matrices(a, b, g)
    b = reshape(b, shape=(*shape_of(b), 1)) if vector_b else b
    result = matmul(g, swap_last(b))
    want = (1, *shape_of(a)) if vector_a else shape_of(a)
    return reshape(unbroadcast(result, want), shape=shape_of(a)) if vector_a else unbroadcast(result, want)


def _matmul_transpose_b(g: Any, a: Any, b: Any) -> Any:
    if _are_plain_matrices(g, a, b):
        return a.T @ g
    vector_a, vector_b, g = _as_matrices(a, b, g)
    a = reshape(a, shape=(1, *shape_of(a))) if vector_a else a
    result = matmul(swap_last(a), g)
    want = (*shape_of(b), 1) if vector_b else shape_of(b)
    return reshape(unbroadcast(result, want), shape=shape_of(b)) if vector_b else unbroadcast(result, want)


matmul = Multilinear(
    "matmul", lambda xp, a, b: xp.matmul(a, b), _matmul_transpose_a, _matmul_transpose_b, symbol="{0} @ {1}"
)


def _free(n: int, axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(i for i in range(n) if i not in axes)


def _tensordot_transpose_a(g: Any, a: Any, b: Any, axes: Any) -> Any:
    """Contract g with the free axes of b, and bring the axes back into the order of a."""
    mine, others = axes
    free, free_b = _free(len(shape_of(a)), mine), _free(len(shape_of(b)), others)
    made = tensordot(g, b, axes=(tuple(range(len(free), len(free) + len(free_b))), free_b))
    # the axes of made: the free ones of a, then the contracted ones in the order in which b has them
    order = free + tuple(mine[others.index(i)] for i in sorted(others))
    return transpose(made, axes=tuple(sorted(range(len(order)), key=order.__getitem__)))


def _tensordot_transpose_b(g: Any, a: Any, b: Any, axes: Any) -> Any:
    others, mine = axes
    free, free_a = _free(len(shape_of(b)), mine), _free(len(shape_of(a)), others)
    made = tensordot(a, g, axes=(free_a, tuple(range(len(free_a)))))
    order = tuple(mine[others.index(i)] for i in sorted(others)) + free
    return transpose(made, axes=tuple(sorted(range(len(order)), key=order.__getitem__)))


tensordot = Multilinear(
    "tensordot",
    lambda xp, a, b, axes: xp.tensordot(a, b, axes=axes),
    _tensordot_transpose_a,
    _tensordot_transpose_b,
)


def _einsum_transpose(g: Any, *operands: Any, subscripts: str, operand: int) -> Any:
    """The cotangent of one operand: contract g with the others; letters that only it has are broadcast."""
    inputs, output = subscripts.split("->")
    letters = inputs.split(",")
    mine = letters[operand]
    others = [(s, o) for i, (s, o) in enumerate(zip(letters, operands, strict=True)) if i != operand]
    known = set(output).union(*(set(s) for s, _ in others)) if others else set(output)
    unique = "".join(dict.fromkeys(mine))
    reachable = "".join(c for c in unique if c in known)
    terms = ",".join([output, *(s for s, _ in others)])
    result = einsum(g, *(o for _, o in others), subscripts=f"{terms}->{reachable}")
    return _place(result, reachable, mine, shape_of(operands[operand]))


def _place(result: Any, have: str, want: str, shape: tuple[int, ...]) -> Any:
    """Bring axes `have` to the axes `want` of `shape`: broadcast missing ones, put repeated ones on the diagonal."""
    unique = "".join(dict.fromkeys(want))
    sizes = dict(zip(want, shape, strict=True))
    result = reshape(result, shape=tuple(sizes[c] if c in have else 1 for c in unique))
    result = broadcast_to(result, shape=tuple(sizes[c] for c in unique))
    if unique == want:
        return result
    from ..numpy.creation import zeros_of
    from .indexing import index_add

    grid = numpy.meshgrid(*(numpy.arange(sizes[c]) for c in unique), indexing="ij")
    index = tuple(grid[unique.index(c)] for c in want)
    return index_add(zeros_of(shape, like=result), result, index=index)


einsum = Multilinear(
    "einsum", lambda xp, *xs, subscripts: xp.einsum(subscripts, *xs), _einsum_transpose, symbol="einsum[{subscripts}]"
)


def _solve_parts(a: Any, b: Any) -> bool:
    """Whether b is a single vector, as numpy.linalg.solve reads it."""
    return len(shape_of(b)) == 1


def _column(x: Any) -> Any:
    return reshape(x, shape=(*shape_of(x), 1))


def _solve_jvp(t: Any, out: Any, a: Any, b: Any) -> Any:
    rhs = t[1]
    if t[0] is not None:
        vector = _solve_parts(a, b)
        moved = matmul(t[0], _column(out) if vector else out)
        moved = reshape(moved, shape=shape_of(moved)[:-1]) if vector else moved
        rhs = negative(moved) if rhs is None else rhs - moved
    if not _solve_parts(a, b):
        return solve(a, rhs)
    rhs = broadcast_to(rhs, shape=shape_of(out))
    solved = solve(a, _column(rhs))
    return reshape(solved, shape=shape_of(solved)[:-1])


def _solve_vjp(g: Any, out: Any, a: Any, b: Any) -> Any:
    vector = _solve_parts(a, b)
    if vector:
        g, out = _column(g), _column(out)
    to_b = solve(swap_last(a), g)
    moved = negative(to_b) if shape_of(to_b)[-1] <= shape_of(a)[-1] else to_b
    to_a = multiply(moved, swap_last(out)) if vector else matmul(moved, swap_last(out))
    if moved is to_b:
        to_a = negative(to_a)
    if vector:
        to_b = reshape(to_b, shape=shape_of(to_b)[:-1])
    return unbroadcast(to_a, shape_of(a)), unbroadcast(to_b, shape_of(b))


def _solve(xp: Any, a: Any, b: Any) -> Any:
    return lu.solve(a, b) if xp is numpy else xp.linalg.solve(a, b)


solve = General("solve", _solve, jvp=_solve_jvp, vjp=_solve_vjp)


def _inv_vjp(g: Any, out: Any, a: Any) -> Any:
    y = swap_last(out)
    return (negative(matmul(matmul(y, g), y)),)


inv = General(
    "inv",
    lambda xp, a: xp.linalg.inv(a),
    jvp=lambda t, out, a: negative(matmul(matmul(out, t[0]), out)),
    vjp=_inv_vjp,
    reads="out",
    symbol="{0}⁻¹",
)


# ------------------------------------------------------------------------------------------------ batching


def _on_rows(x: Any, matrix: Any) -> Any:
    """`x @ matrix` for an x of any number of axes, in one product of two matrices."""
    shape = shape_of(x)
    if len(shape) > 2:
        x = reshape(x, shape=(size_of(shape[:-1]), shape[-1]))
    made = matmul(x, matrix)
    return reshape(made, shape=(*shape[:-1], *shape_of(matrix)[1:])) if len(shape) > 2 else made


def _as_stack(x: Any, batched: bool, lead: int, column: bool) -> Any:
    """An operand of matmul as matrices with `lead` leading axes behind that of the batch; a vector as row or column."""
    shape = shape_of(x)
    batch, shape = (shape[:1], shape[1:]) if batched else ((), shape)
    if len(shape) == 1:
        shape = (*shape, 1) if column else (1, *shape)
    if batched:
        shape = (*batch, *(1,) * (lead + 2 - len(shape)), *shape)
    return reshape(x, shape=shape) if shape != shape_of(x) else x


def _matmul_batch(size: int, operands: Any, batched: Any) -> Any:
    a, b = operands
    na, nb = len(shape_of(a)) - batched[0], len(shape_of(b)) - batched[1]
    if not batched[1] and nb <= 2:
        return _on_rows(a, b)
    if not batched[0] and na <= 2 and nb == 1:
        return _on_rows(b, swap_last(a) if na == 2 else a)
    lead = max(na, nb, 2) - 2
    left, right = _as_stack(a, batched[0], lead, False), _as_stack(b, batched[1], lead, True)
    outer = shape_of(left)[-1] == 1 and all(numpy_dtype(x).kind in "fc" for x in (a, b))
    made = multiply(left, right) if outer else matmul(left, right)  # an outer product needs no sum
    shape = shape_of(made)
    rows, columns = () if na == 1 else shape[-2:-1], () if nb == 1 else shape[-1:]
    wanted = (*shape[:-2], *rows, *columns)
    return reshape(made, shape=wanted) if wanted != shape else made


def _tensordot_batch(size: int, operands: Any, batched: Any, axes: Any) -> Any:
    a, b = operands
    mine, others = axes
    if batched[0] and not batched[1]:
        return tensordot(a, b, axes=(tuple(i + 1 for i in mine), others))
    if batched[1] and not batched[0]:
        made = tensordot(a, b, axes=(mine, tuple(i + 1 for i in others)))
        return moved_to_front(made, len(shape_of(a)) - len(mine))
    free_a, free_b = (_free(len(shape_of(x)) - 1, used) for x, used in ((a, mine), (b, others)))
    left = transpose(a, axes=(0, *(i + 1 for i in (*free_a, *mine))))
    right = transpose(b, axes=(0, *(i + 1 for i in (*others, *free_b))))
    shape_a, shape_b = shape_of(left)[1 : 1 + len(free_a)], shape_of(right)[1 + len(others) :]
    inner = size_of(shape_of(right)[1 : 1 + len(others)])
    left = reshape(left, shape=(size, size_of(shape_a), inner))
    right = reshape(right, shape=(size, inner, size_of(shape_b)))
    return reshape(matmul(left, right), shape=(size, *shape_a, *shape_b))


def _einsum_batch(size: int, operands: Any, batched: Any, subscripts: str) -> Any:
    inputs, output = subscripts.split("->")
    letter = next(c for c in string.ascii_letters if c not in subscripts)
    terms = [letter + term if has else term for term, has in zip(inputs.split(","), batched, strict=True)]
    return einsum(*operands, subscripts=f"{','.join(terms)}->{letter}{output}")


def _solve_batch(size: int, operands: Any, batched: Any) -> Any:
    a, b = operands
    na, nb = len(shape_of(a)) - batched[0], len(shape_of(b)) - batched[1]
    if not batched[0] and na == 2 and nb == 1:  # one matrix, factored once for all right sides
        return swap_last(solve(a, swap_last(b)))
    lead = max(na, nb, 2) - 2
    made = solve(_as_stack(a, batched[0], lead, False), _as_stack(b, batched[1], lead, True))
    return reshape(made, shape=shape_of(made)[:-1]) if nb == 1 else made


matmul.batch, tensordot.batch, einsum.batch, solve.batch = _matmul_batch, _tensordot_batch, _einsum_batch, _solve_batch
inv.batch = lambda size, operands, batched: inv(operands[0])
matmul.sparsity = tensordot.sparsity = einsum.sparsity = "contraction"
solve.sparsity = inv.sparsity = "matrices"
