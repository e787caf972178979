"""Functions that an emitted program brings along where NumPy and SciPy have none: their text is copied into it.

Each is written in NumPy and SciPy alone, in lines short enough for any formatter. Not for: adkit's own evaluation.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys

import numpy as np
import scipy.linalg as linalg

__adkit__ = True


def hermitian_from(x: np.ndarray, lower: bool, hermitian: bool = True) -> np.ndarray:
    """The Hermitian (or symmetric) matrix that one triangle of x stands for."""
    strict = np.tril(x, -1) if lower else np.triu(x, 1)
    middle = np.tril(np.triu(x))
    turned = np.swapaxes(strict, -1, -2)
    if hermitian and np.iscomplexobj(x):
        return strict + (middle + np.conj(middle)) / 2 + np.conj(turned)
    return strict + middle + turned


def fold(x: np.ndarray, lower: bool, hermitian: bool = True) -> np.ndarray:
    """The transpose of `hermitian_from`: both triangles added up in one."""
    turned = np.swapaxes(x, -1, -2)
    both = x + (np.conj(turned) if hermitian and np.iscomplexobj(x) else turned)
    strict = np.tril(both, -1) if lower else np.triu(both, 1)
    return strict + np.tril(np.triu(both)) / 2


def solve_triangular(
    a: np.ndarray,
    b: np.ndarray,
    lower: bool,
    unit: bool = False,
) -> np.ndarray:
    """The solution of t x = b with one triangle t of a."""
    t = np.tril(a) if lower else np.triu(a)
    if unit:
        t = np.tril(a, -1) if lower else np.triu(a, 1)
        t = t + np.eye(a.shape[-1], dtype=a.dtype)
    return np.linalg.solve(t, b)


def scatter_add(v: np.ndarray, positions: np.ndarray, shape: tuple) -> np.ndarray:
    """Zeros of a shape with v added at positions of the flattened array."""
    made = np.zeros(int(np.prod(shape)), np.result_type(v, np.int8))
    np.add.at(made, positions, v)
    return made.reshape(shape)[()]


def normalize_index(indices: np.ndarray, size: int) -> np.ndarray:
    """Indices counted from the start."""
    plain = np.asarray(indices)
    if plain.size and (plain.min() < -size or plain.max() >= size):
        raise IndexError(f"an index is out of bounds for size {size}")
    return np.where(plain < 0, plain + size, plain)[()]


def updated(x: np.ndarray, index: tuple, v: np.ndarray) -> np.ndarray:
    """A copy of x with x[index] = v."""
    made = np.array(x)
    made[index] = v
    return made


def increased(x: np.ndarray, index: tuple, v: np.ndarray) -> np.ndarray:
    """A copy of x with x[index] += v, where repeated indices add up."""
    made = np.array(x)
    np.add.at(made, index, v)
    return made


def cofactor(a: np.ndarray, d: np.ndarray) -> np.ndarray:
    """The gradient of the determinant d of a, also where a is singular."""
    try:
        inverse = np.linalg.inv(a)
        size = np.linalg.norm(a, axis=(-2, -1)) * np.linalg.norm(inverse, axis=(-2, -1))
        if np.all(size < 1e8):
            return np.asarray(d)[..., None, None] * np.swapaxes(inverse, -1, -2)
    except np.linalg.LinAlgError:
        pass
    u, s, vh = np.linalg.svd(a)
    n = s.shape[-1]
    others = [np.prod(np.delete(s, i, axis=-1), axis=-1) for i in range(n)]
    sign = np.linalg.det(u) * np.linalg.det(vh)
    factors = np.stack(others, axis=-1) * np.conj(sign)[..., None]
    return np.conj((u * factors[..., None, :]) @ vh)


def inverse_or_infinite(a: np.ndarray) -> np.ndarray:
    """The inverses of matrices, infinite where there is none."""
    made = np.full(a.shape, np.inf, dtype=np.result_type(a, np.float32))
    for i in np.ndindex(a.shape[:-2]):
        try:
            made[i] = np.linalg.inv(a[i])
        except np.linalg.LinAlgError:
            continue
    return made


def expm_frechet(a: np.ndarray, e: np.ndarray) -> np.ndarray:
    """The derivative of the matrix exponential at a in the direction e."""
    a, e = np.broadcast_arrays(a, e)
    made = np.empty(a.shape, np.result_type(a, e))
    for i in np.ndindex(a.shape[:-2]):
        made[i] = linalg.expm_frechet(a[i], e[i], compute_expm=False)
    return made


def permute_rows(
    x: np.ndarray,
    pivots: np.ndarray,
    inverse: bool = False,
) -> np.ndarray:
    """Rows swapped as LAPACK's pivots say."""
    m = x.shape[-2]
    order = np.broadcast_to(np.arange(m), (*pivots.shape[:-1], m)).copy()
    for i in range(pivots.shape[-1]):
        other = pivots[..., i : i + 1].astype(int)
        mine = order[..., i : i + 1].copy()
        order[..., i : i + 1] = np.take_along_axis(order, other, -1)
        np.put_along_axis(order, other, mine, -1)
    if inverse:
        order = np.argsort(order, axis=-1)
    shape = np.broadcast_shapes(x.shape[:-2], order.shape[:-1])
    stacks = np.broadcast_to(x, shape + x.shape[-2:])
    places = np.broadcast_to(order[..., None], (*shape, m, 1))
    return np.take_along_axis(stacks, places, axis=-2)


def unpivoted_lu(a: np.ndarray) -> np.ndarray:
    """Gaussian elimination without row exchanges, packed."""
    made = np.array(a)
    for i in range(min(made.shape[-2:])):
        pivot = made[..., i : i + 1, i : i + 1]
        made[..., i + 1 :, i : i + 1] /= np.where(pivot == 0, 1, pivot)
        below = made[..., i + 1 :, i : i + 1]
        made[..., i + 1 :, i + 1 :] -= below * made[..., i : i + 1, i + 1 :]
    return made


def by_parts(function: object, x: np.ndarray, **options: object) -> np.ndarray:
    """A real linear function of the real and the imaginary part."""
    assert callable(function)
    return function(x.real, **options) + 1j * function(x.imag, **options)


def pseudo_inverse_solve(a: np.ndarray, b: np.ndarray, rcond: float) -> np.ndarray:
    """The least squares solutions, of the least norm."""
    if a.ndim == 2 and b.ndim == 2:
        return np.linalg.lstsq(a, b, rcond)[0]
    return np.linalg.pinv(a, rtol=rcond) @ b


def is_path(condition: object, expected: object) -> bool:
    """Whether a value that decided the path is what it was."""
    return bool(np.array_equal(np.asarray(condition), np.asarray(expected)))


@functools.cache
def names() -> tuple[str, ...]:
    """The names of the functions that can be copied."""
    module = sys.modules[__name__]
    made = [n for n, f in vars(module).items() if inspect.isfunction(f) and f.__module__ == __name__]
    return tuple(name for name in made if name not in ("text_of", "names"))


def text_of(name: str) -> tuple[str, set[str]]:
    """The text of a function, and the modules that it uses by the names that it has for them.

    Example
    -------
    >>> text_of("is_path")[1]
    {'np'}
    """
    made = inspect.getsource(getattr(sys.modules[__name__], name))
    used = {node.id for node in ast.walk(ast.parse(made)) if isinstance(node, ast.Name)}
    return made, used & {"np", "linalg"}
