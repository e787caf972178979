"""Every function of `adkit.numpy`: NumPy's value, and a derivative that both modes and differences agree on.

Each line is an expression in `np` (NumPy itself, which dispatches, and then `adkit.numpy`) and traced operands.
"""

from __future__ import annotations

import numpy
import pytest

import adkit
import adkit.numpy
from tests.derivatives import check_derivatives

V = numpy.array([0.7, -1.3, 2.1, 0.4])
M = numpy.array([[0.5, 1.5, -0.7], [2.0, -1.1, 0.3]])
S = numpy.array([[2.0, 0.3, -0.1], [0.4, 1.7, 0.2], [0.1, -0.6, 2.4]])
T = numpy.arange(24.0).reshape(2, 3, 4) / 10 + 0.05
C = numpy.array([0.5 + 1j, -1.2 + 0.3j, 0.8 - 0.9j])
OPERANDS = {"v": V, "m": M, "s": S, "t": T, "c": C, "x": 0.6, "n": numpy.array([1.0, numpy.nan, 3.0])}

EXPRESSIONS = """
np.sum(m)                         | np.sum(m, axis=0)            | np.sum(t, axis=(0, -1))       | np.sum(m, axis=1, keepdims=True)
np.sum(m, initial=2.0)            | np.sum(m, where=m > 0)       | np.sum(c)                     | np.sum(x)
np.mean(m)                        | np.mean(t, axis=(1, 2))      | np.mean(m, -1, keepdims=True) | np.mean(m, where=m > 0)
np.mean(c)                        | np.prod(v)                   | np.prod(m, axis=1)            | np.prod(m, initial=3.0)
np.max(m)                         | np.max(m, axis=1)            | np.amax(t, axis=(0, 2))       | np.max(m, initial=1.0)
np.min(m)                         | np.amin(m, axis=-2)          | np.max(m, where=m < 1, initial=-5.0) | np.ptp(m, axis=1)
np.var(m)                         | np.var(t, axis=(0, 1))       | np.var(m, axis=1, ddof=1)     | np.var(c)
np.std(m)                         | np.std(m, axis=0, keepdims=True) | np.std(c)                 | np.std(m, axis=1, where=m > -1)
np.cumsum(m)                      | np.cumsum(m, axis=1)         | np.cumprod(v)                 | np.cumprod(m, axis=0)
np.average(m, axis=0)             | np.average(v, weights=v * v) | np.average(m, axis=1, weights=v[:3]) | np.median(v)
np.median(m, axis=1)              | np.median(t, axis=(0, 2))    | np.quantile(v, 0.3)           | np.quantile(m, [0.2, 0.9], axis=1)
np.percentile(v, 40)              | np.nansum(n)                 | np.nanmean(n)                 | np.nanmax(n)
np.nanmin(n)                      | np.nanprod(n)                | np.nanvar(n)                  | np.nanstd(n)
np.cumulative_sum(v)              | np.cumulative_prod(v)        | np.nancumsum(n)               | np.cumulative_sum(v, include_initial=True)
np.reshape(m, (3, 2))             | np.reshape(m, -1)            | np.reshape(m, (3, -1), order="F") | m.reshape(3, 2)
m.reshape((2, -1, 1))             | np.ravel(m)                  | np.ravel(m, order="F")        | m.flatten()
m.T                               | t.mT                         | np.transpose(t, (1, 2, 0))    | t.transpose(2, 0, 1)
np.swapaxes(t, 0, -1)             | np.moveaxis(t, 0, -1)        | np.moveaxis(t, (0, 1), (2, 0)) | np.rollaxis(t, 2)
np.squeeze(m[None])               | np.expand_dims(m, (0, 2))    | np.squeeze(m[:, None], axis=1) | np.permute_dims(t, (2, 1, 0))
np.broadcast_to(v, (2, 4))        | np.broadcast_arrays(v[:3], m)[0] | np.concatenate([m, m * 2])  | np.concatenate([m, m], axis=1)
np.concatenate([m, v], axis=None) | np.stack([v, v * 2], axis=1) | np.vstack([v, v * v])         | np.hstack([v, [1.0]])
np.hstack([m, m])                 | np.dstack([m, m])            | np.column_stack([v, v * v])   | np.block([[m, m], [m, m * 2]])
np.block([v, 2.0])                | np.split(v, 2)[1]            | np.array_split(v, 3)[0]       | np.split(v, [1, 3])[1]
np.hsplit(m, 3)[1]                | np.vsplit(m, 2)[0]           | np.dsplit(t, 2)[1]            | np.flip(m)
np.flip(m, 1)                     | np.fliplr(m)                 | np.flipud(m)                  | np.roll(m, 2)
np.roll(m, (1, -1), (0, 1))       | np.roll(m, 1, axis=1)        | np.rot90(m)                   | np.rot90(m, 3)
np.rot90(m, 2)                    | np.tile(v, 3)                | np.tile(m, (2, 1, 2))         | np.repeat(v, 2)
np.repeat(m, [1, 2, 0], axis=1)   | np.pad(m, 1)                 | np.pad(m, ((1, 0), (0, 2)), constant_values=3.0) | np.pad(v, 2, mode="reflect")
np.pad(m, 1, mode="edge")         | np.pad(v, (3, 1), mode="wrap") | np.atleast_1d(x)            | np.atleast_2d(v)
np.atleast_3d(m)                  | np.atleast_3d(v)             | np.diff(v)                    | np.diff(m, axis=0)
np.diff(v, 2)                     | np.diff(v, prepend=0.0)      | np.diff(v, append=x)          | np.ediff1d(v)
np.diag(v)                        | np.diag(v, -1)               | np.diag(s)                    | np.diag(m, 1)
np.diagonal(t, 1, 1, 2)           | np.diagonal(s)               | np.diagflat(m)                | np.trace(s)
np.trace(t, 1, 1, 2)              | np.tril(s)                   | np.triu(m, 1)                 | np.tril(v)
np.meshgrid(v, v[:2])[0]          | np.meshgrid(v, v[:2], indexing="ij")[1] | np.append(v, x)    | np.append(m, m, axis=0)
np.take(v, [0, 0, 3])             | np.take(m, 1, axis=1)        | np.take(m, [[0, 1], [2, 0]], axis=-1) | np.take(m, 4)
np.take(v, [5, -7], mode="wrap")  | np.delete(v, 1)              | np.delete(m, [0, 2], axis=1)  | np.insert(v, 2, x)
np.insert(m, 1, 5.0, axis=1)      | np.vander(v, 3)              | np.resize(v, (2, 3))          | np.unstack(m)[1]
np.take_along_axis(m, np.argsort(m, axis=1), axis=1) | np.compress([1, 0, 1, 1], v) | np.extract(v > 0, v) | np.choose([0, 1, 0, 1], [v, v * 2])
np.select([v < 0, v > 1], [v * 2, v ** 2], 1.0) | np.piecewise(v, [v < 0, v >= 0], [lambda y: y ** 2, lambda y: 3 * y]) | np.sort(v) | np.sort(m, axis=0)
np.sort(m, axis=None)             | np.partition(v, 2)           | v[np.argsort(v)]              | v[v > 0]
np.clip(v, -1, 1)                 | np.clip(v, None, 1.0)        | np.clip(v, -v, v + 1)         | np.clip(v, 0.5, None)
np.clip(m, v[:3] - 1, 1.9)        | np.where(v > 0, v, v * v)    | np.where(v > 0, x, 0)         | v[np.where(v > 0)]
np.round(v) + v                   | np.around(v, 1) * v          | np.fix(v) * v                 | np.real(c)
np.imag(c)                        | np.angle(c)                  | np.angle(c, deg=True)         | np.conj(c)
c.real                            | c.imag                       | c.conj()                      | np.abs(c)
np.sign(c)                        | np.sign(v) * v               | np.nan_to_num(n)              | np.sinc(v)
np.modf(v)[0]                     | np.frexp(v)[0]               | np.ldexp(v, 3)                | np.divmod(v, 0.8)[1]
np.float_power(v * v, 1.5)        | np.power(v, 3)               | np.power(v * v, v)            | np.power(2.0, v)
np.unwrap(v * 4)                  | np.hypot(v, x)               | np.logaddexp(v, x)            | np.mod(v, 0.8)
np.dot(v, v)                      | np.dot(s, s)                 | np.dot(s, v[:3])              | np.dot(t, s.T[:, [0, 1, 2, 0]].T)
np.dot(2.0, v)                    | v.dot(v)                     | np.vdot(c, c * 2)             | np.inner(m, s)
np.inner(v, v)                    | np.outer(v, m)               | s @ s                         | m @ s @ m.T
t @ v                             | v[:3] @ t                    | np.matmul(s, s)               | np.tensordot(t, m, axes=([1], [1]))
np.tensordot(t, t, axes=2 + 1)    | np.tensordot(m, s, 1)        | np.einsum("ij,kj->ik", m, s)  | np.einsum("ij,kj", m, s)
np.einsum("ii", s)                | np.einsum("ii->i", s)        | np.einsum("...j,kj->...k", t, numpy.ones((2, 4))) | np.einsum(m, [0, 1], s, [1, 2], [0, 2])
np.einsum("...i,...i", t, t[:1])  | np.einsum("ij,j,j->i", m, v[:3], v[:3]) | np.einsum(s, [0, 0]) | np.einsum("i...->...", t)
np.kron(m, v)                     | np.kron(v, v)                | np.cross(v[:3], s[0])         | np.cross(s, m[0])
np.vecdot(m, m)                   | np.matvec(s, v[:3])          | np.vecmat(v[:3], s)           | np.vecdot(c, c)
np.linalg.solve(s, v[:3])         | np.linalg.solve(s, m.T)      | np.linalg.inv(s)              | np.linalg.det(s)
np.linalg.norm(v)                 | np.linalg.norm(m)            | np.linalg.norm(m, 1)          | np.linalg.norm(m, numpy.inf)
np.linalg.norm(m, -1)             | np.linalg.norm(m, axis=1)    | np.linalg.norm(v, 3)          | np.linalg.norm(v, 1)
np.linalg.norm(v, numpy.inf)      | np.linalg.norm(v, -numpy.inf) | np.linalg.norm(t, "fro", axis=(0, 1)) | np.linalg.norm(m, 2, axis=0, keepdims=True)
np.linalg.norm(m, -numpy.inf)     | np.linalg.norm(m, keepdims=True) | np.linalg.norm(c)         | np.linalg.matrix_power(s, 3)
np.linalg.matrix_power(s, -2)     | np.linalg.multi_dot([m, s, m.T]) | np.linalg.slogdet(s)[1]   | np.linalg.vector_norm(m, axis=1)
np.linalg.matrix_norm(m)          | np.linalg.trace(s)           | np.linalg.outer(v, v)         | np.linalg.diagonal(s)
np.add.reduce(m)                  | np.add.reduce(m, axis=1)     | np.multiply.reduce(m, axis=None) | np.maximum.reduce(m, axis=1)
np.minimum.reduce(m)              | np.add.accumulate(v)         | np.multiply.accumulate(m, axis=1) | np.maximum.accumulate(v)
np.multiply.outer(v, m)           | np.subtract.outer(v, v)      | np.add.reduceat(v, [0, 2, 1]) | np.add.reduceat(m, [0, 2], axis=1)
np.linspace(x, 2.0, 5)            | np.linspace(x, v, 3, axis=1) | np.linspace(0, x, 4, endpoint=False) | np.logspace(x, 1, 3)
np.geomspace(x, 3.0, 4)           | np.full_like(v, x)           | np.ones_like(v) * v           | np.zeros_like(m) + m
m.sum(0)                          | m.mean(axis=1)               | v.prod()                      | m.max(1)
m.min()                           | m.var(0)                     | m.std(axis=1, ddof=1)         | v.cumsum()
v.cumprod()                       | m.ptp() if hasattr(m, "ptp") else np.ptp(m) | v.ravel()      | m[None].squeeze()
t.swapaxes(0, 1)                  | v.copy()                     | v.astype(complex)             | v.clip(-1, 1)
v.round(1) * v                    | v.repeat(2)                  | v.take([1, 1])                | s.trace()
s.diagonal()                      | v.compress([1, 1, 0, 1])     | -v + abs(v) - +v              | (v * v) ** x
2 ** v                            | v ** 2                       | v // 0.6 * v                  | v % 0.45
divmod(v, 0.45)[1]                 | 1 / v                        | v[1]                          | v[[0, 2]]
m[:, 1]                           | m[..., None]                 | t[1, :, ::-2]                 | t[[0, 1], :, [1, 2]]
m[m > 0]                          | v[-1] * v                    | np.copy(v)                    | np.astype(v, complex)
np.real_if_close(v)               | np.i0 is not None and v      | np.exp2(v)                    | np.cbrt(v)
"""
LINES = [e.strip() for line in EXPRESSIONS.strip().splitlines() for e in line.split(" | ")]


def function_of(expression, np):
    code = compile(expression, "<expression>", "eval")
    names = [name for name in OPERANDS if name in code.co_names]
    return (lambda *values: eval(code, {"np": np, "numpy": numpy, **dict(zip(names, values))})), [
        OPERANDS[n] for n in names
    ]


@pytest.mark.parametrize("expression", LINES)
def test_value_dtype_and_derivative(expression):
    f, args = function_of(expression, numpy)
    with numpy.errstate(all="ignore"):
        expected = numpy.asarray(f(*args))
    for np in (numpy, adkit.numpy):
        g, _ = function_of(expression, np)
        value, _ = adkit.vjp(g, *args)
        made = numpy.asarray(value)
        assert made.shape == expected.shape
        assert made.dtype == expected.dtype
        numpy.testing.assert_allclose(made, expected, rtol=1e-13, atol=1e-14)
    if not any(a is OPERANDS["n"] for a in args):
        check_derivatives(g, args, 1)
