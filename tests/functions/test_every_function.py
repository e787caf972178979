"""The functions of NumPy beyond the everyday ones: NumPy's value, derivatives in both modes at orders 1 and 2, and a
recording that is right when it runs again elsewhere.

Each line is an expression in `np` (NumPy itself, which dispatches, and then `adkit.numpy`) and traced operands.
"""

from __future__ import annotations

import numpy
import pytest

import adkit
import adkit.numpy
from adkit.handle import TracedArray
from adkit.sweeps.order import ancestors
from adkit.sweeps.replay import Replay
from adkit.tracing import make_input, recording
from tests.derivatives import check_derivatives

V = numpy.array([0.7, -1.3, 2.1, 0.4])
W = numpy.array([0.35, 1.25, 0.6, 2.2])
M = numpy.array([[0.5, 1.5, -0.7], [2.0, -1.1, 0.3]])
S = numpy.array([[2.0, 0.3, -0.1], [0.4, 1.7, 0.2], [0.1, -0.6, 2.4]])
T = numpy.arange(24.0).reshape(2, 3, 4)[::-1, :, ::-1] / 10 + 0.05
C = numpy.array([0.5 + 1j, -1.2 + 0.3j, 0.8 - 0.9j])
P = numpy.array([1.5, -2.0, 0.7, 0.4])
N = numpy.array([[1.0, numpy.nan, 3.0], [0.5, 2.0, -1.0]])
OPERANDS = {"v": V, "w": W, "m": M, "s": S, "t": T, "c": C, "p": P, "x": 0.6, "n": N}
FIXED = {
    "I": numpy.array([2, 0, 1, 1]),
    "G": numpy.array([0.0, 0.5, 1.0, 2.5]),
    "B": numpy.array([True, False, True, True]),
}

METHODS = (
    "inverted_cdf averaged_inverted_cdf closest_observation interpolated_inverted_cdf hazen weibull linear "
    "median_unbiased normal_unbiased lower higher midpoint nearest"
).split()

EXPRESSIONS = """
np.quantile(t, [0.1, 0.5, 0.77], axis=(0, 2))   | np.quantile(v, x)                    | np.quantile(v, x, method="hazen")
np.percentile(m, [[10, 30], [55, 100]], axis=1, keepdims=True) | np.percentile(v, 0)     | np.quantile(m, 1.0)
np.quantile(v, [0.2, 0.7], weights=w, method="inverted_cdf") | np.percentile(m, 40, axis=1, weights=w[:3], method="inverted_cdf")
np.quantile(v, 0.0, weights=[0.0, 0.0, 1.0, 2.0], method="inverted_cdf") | np.median(m, axis=0, keepdims=True) | np.median(t)
np.median(v[:3])                                | np.sort(t, axis=1)                   | np.sort(v)[::-1]
np.partition(t, 1, axis=0)                      | np.partition(v, [1, 2])              | np.partition(m, 2, axis=None)
v[np.argpartition(v, 2)]                        | v[np.lexsort((w, v))]                | np.sort_complex(c)
np.take_along_axis(m, np.argsort(m, axis=0), 0) | np.take(v, np.argsort(w))            | np.take(m, np.argmax(m, axis=1), axis=1)
np.take(t, np.argsort(v) % 3, axis=1)           | np.take(v, np.argsort(w) + 3, mode="wrap") | np.take(v, np.argsort(w) + 3, mode="clip")
np.take(v, -np.argsort(w))                      | np.unique(v)                         | np.unique(m)
np.unique(np.stack([v, w, v]), axis=0)          | np.unique(v, return_index=True, return_inverse=True, return_counts=True)[0] | np.unique_values(m)
np.unique_all(v).values                         | np.unique_counts(v).values           | np.unique_inverse(m).values
np.union1d(v, w)                                | np.intersect1d(v, v[1:])             | np.setdiff1d(v, v[:2])
np.setxor1d(v, w)                               | np.trim_zeros(np.append(0.0, v))     | np.convolve(v, w)
np.convolve(v, m[0], "same")                    | np.convolve(v, w[:2], "valid")       | np.convolve(w[:2], v, mode="same")
np.convolve(x, v)                               | np.convolve(c, v)                    | np.correlate(v, w)
np.correlate(v, w[:3], "full")                  | np.correlate(w[:3], v, "same")       | np.correlate(w[:2], v, "full")
np.correlate(v, w[:3], "same")                  | np.correlate(c, c[:2], "full")       | np.correlate(v[:2], w, "valid")
np.correlate(c[:2], c, "same")                  | np.interp(w, G, v)                   | np.interp(v, G, w)
np.interp(w, np.cumsum(w) - 0.1, v)                   | np.interp(x, G, v, left=x, right=2.0) | np.interp(v * 2, G, w, left=-x, right=x * x)
np.interp(v * 3, G, w, period=2.0)              | np.interp(v * 3, G + 0.1, w, period=x + 3) | np.interp(w, G, v + 1j * w)
np.interp(2.5, G, v)                            | np.interp(w, [0.4], v[:1])           | np.gradient(v)
np.gradient(v, x)                               | np.gradient(v, G)                    | np.gradient(v, np.cumsum(w))
np.gradient(v, np.cumsum(w), edge_order=2)      | np.gradient(v, edge_order=2)         | np.gradient(v, 0.5, edge_order=2)
np.gradient(s)                                  | np.gradient(s, axis=1)               | np.gradient(t, x, np.cumsum(w[:3]), 0.3, axis=(0, 1, 2))
np.gradient(s, w[:3].cumsum(), 2.0)             | np.trapezoid(v)                      | np.trapezoid(v, w.cumsum())
np.trapezoid(m, dx=x, axis=0)                   | np.trapezoid(t, x=t, axis=1)         | np.trapezoid(c)
np.unwrap(v * 4)                                | np.unwrap(t * 9, axis=1)             | np.unwrap(v * 3, period=x + 2)
np.unwrap(v * 4, discont=4.0)                   | np.cov(m)                            | np.cov(m, rowvar=False)
np.cov(m, m * m)                                | np.cov(v, w, bias=True)              | np.cov(s, aweights=w[:3])
np.cov(m, fweights=[1, 2, 1], aweights=w[:3], ddof=0) | np.cov(c, c * c)               | np.corrcoef(m, m * m)
np.corrcoef(s, rowvar=False)                    | np.corrcoef(v, w)                    | np.average(t, axis=(2, 0), weights=t[:, 0].T)
np.average(v, weights=w, returned=True)         | np.average(m, axis=1, returned=True, keepdims=True) | np.average(m, axis=1, weights=w[:3])
np.histogram(G, bins=3, weights=w)[0]           | np.histogram(v, bins=3)[1]           | np.histogram(v, bins=3, weights=w, density=True)[0]
np.histogram(v, bins=[-2.0, 0.5, 3.0], weights=w)[0] | np.histogram(v, 4, (-1, 2), weights=w)[0] | np.histogram(v, bins="sturges")[1]
np.histogram(v, np.cumsum(w) - 2, density=True)[0] | np.histogram_bin_edges(v, 3)      | np.histogram2d(G, I, bins=(2, 3), weights=w)[0]
np.histogram2d(v, w, bins=2)[2]                 | np.histogramdd([G, I], 2, weights=v)[0] | np.histogramdd(s, [2, 2, 2], weights=w[:3], density=True)[0]
np.bincount(I, v)                               | np.bincount(I, v, minlength=6)       | np.bincount([0, 2], w[:2])
np.poly(v)                                      | np.poly(c)                           | np.polyval(p, v)
np.polyval(p, x)                                | np.polyadd(p, v[:2])                 | np.polysub(w[:1], p)
np.polymul(p, v)                                | np.polydiv(p, w[:2])[0]              | np.polydiv(p, w[:2])[1]
np.polyder(p)                                   | np.polyder(p, 2)                     | np.polyint(p)
np.polyint(p, 2, k=[x, 1.0])                    | np.roots(p * [1, 1, 0.1, 2])         | np.roots([1.0, -3.0, x])
np.roots(np.stack([1.0, x, x + 3, 0.0, 0.0]))                  | np.i0(v)                             | np.emath.sqrt(v)
np.emath.log(v)                                 | np.emath.log2(w)                     | np.emath.log10(v)
np.emath.logn(x + 2, v)                         | np.emath.power(v, 2.5)               | np.emath.power(w, x)
np.emath.arccos(v) + np.emath.arccos(-w - 3)                              | np.emath.arcsin(v)                   | np.emath.arctanh(v)
np.nanmedian(n)                                 | np.nanmedian(n, axis=0)              | np.nanquantile(n, [0.2, 0.6], axis=1)
np.nanpercentile(n, 35)                         | np.nanquantile(n, 0.3, method="weibull", axis=0) | np.nanquantile(n, 0.4, axis=1, weights=s[:2] ** 2, method="inverted_cdf")
np.nansum(n, axis=0, keepdims=True, initial=2.0) | np.nanmean(n, axis=1, where=[[True, True, False], [True, True, True]]) | np.nanvar(n, axis=1, ddof=1, keepdims=True)
np.nanstd(n, axis=1, ddof=0.5)                  | np.nancumprod(n, axis=1)             | np.nancumsum(n)
np.nanmin(n, axis=1, initial=0.2)               | np.nanmax(n, where=n < 2.5, initial=-1.0) | np.nanprod(n, axis=0)
np.pad(v, 2, "linear_ramp", end_values=x)       | np.pad(m, ((1, 0), (0, 2)), "maximum") | np.pad(m, 1, "mean", stat_length=2)
np.pad(v, 2, "median")                          | np.pad(m, 1, "minimum")              | np.pad(v, 3, "reflect", reflect_type="odd")
np.pad(v, 5, "symmetric", reflect_type="odd")   | np.pad(m, 1, constant_values=x)      | np.pad(m, 1, constant_values=((1.0, x), (2.0, 3.0)))
np.pad(m, (1, 2), "wrap")                       | np.pad(m, {0: 1, -1: (0, 2)}, "edge") | np.pad(v, (1, 2), lambda row, width, axis, options: row.__setitem__(slice(0, 1), 7.0))
np.insert(v, [1, 3], w[:2])                     | np.insert(v, [1, 1, -1], x)          | np.insert(m, [0, 2], w[:2, None].T, axis=1)
np.insert(m, 1, v[:3], axis=0)                  | np.insert(m, slice(0, 2), 5.0, axis=1) | np.insert(v, B, 1.0)
np.insert(m, [1], [[x], [2.0]], axis=1)         | np.insert(m, 3, w[:2], axis=1)       | np.insert(v, -1, x)
np.delete(v, slice(1, 3))                       | np.delete(v, [False, True, False, True]) | np.apply_along_axis(lambda r: r * r.sum(), 1, m)
np.apply_along_axis(lambda r: r[0] * r[1], 0, m) | np.apply_along_axis(lambda r: np.stack([r, r * r]), 1, t) | np.apply_over_axes(np.sum, t, (0, 2))
np.select([m > 1, m < 0], [m * m, -m], default=x) | np.choose([1, 0, 1, 1], [v, w])    | np.choose(I, [v, w], mode="clip")
np.choose(np.argsort(v) % 2, [v, w])            | np.choose(I, [v, w], mode="wrap")    | np.piecewise(v, [v < 0], [np.negative, lambda y: y ** 3])
np.block([[s, v[:3, None]], [np.zeros((1, 3)), x]]) | np.vander(v, 4, increasing=True) | np.vander(w)
np.resize(v, 7)                                 | np.extract(m > 0, m)                 | np.compress(v > 0, w)
np.tril(t, -1)                                  | np.cross(m[:, :2], m[:, 1:])         | np.cross(m[0], s, axisb=0, axisc=0)
np.lib.stride_tricks.sliding_window_view(v, 2)  | np.lib.stride_tricks.sliding_window_view(t, (2, 2), axis=(1, 2)) | np.nan_to_num(n, nan=x)
np.real_if_close(c + 0j)                        | np.real_if_close(v + 0j)             | np.modf(v)[1] * v
np.frexp(v)[1] * v                              | np.ldexp(v, [1, 2, -3, 0])           | np.divmod(w + 10.3, 4 + v * 0.01)[1]
np.divmod(w + 10.3, 4 + v * 0.01)[0] * v                          | np.remainder(w + 10.3, 4 - v * 0.01)                   | np.fmod(-w - 10.3, 4 - v * 0.01)
np.matvec(t, v)                                 | np.vecmat(v[:3], t)                  | np.vecdot(t, t, axis=1)
np.vecdot(c, c * c)                             | np.vecdot(m, m, keepdims=True)       | np.vecmat(c, S)
np.matmul(s, m, axes=[(0, 1), (1, 0), (1, 0)]) | np.matvec(t, v[:3], axes=[(2, 1), 0, 0]) | np.vecdot(t, t[:1], axes=[(1,), (1,), ()])
np.einsum("i,j,ij->", w[:2], v[:3], m, optimize=True) | np.einsum("ij,jk,kl->il", m, s, s.T, optimize="optimal") | np.einsum("a,ab,bc,cd", w[:2], m, s, s, optimize=["einsum_path", (0, 1), (0, 2), (0, 1)])
np.einsum("...ij,...jk->...ik", t, t.swapaxes(1, 2)) | np.einsum("ij...,j...", s, m.T)  | np.einsum("ii,i", s, v[:3])
np.einsum(t, [0, 1, Ellipsis], m, [0, 1], [Ellipsis, 0]) | np.einsum("iij->j", np.stack([s, s * s, s.T])) | np.einsum("i,i,i,i->i", v, v, w, w, optimize="greedy")
np.logaddexp.reduce(m, axis=1)                  | np.logaddexp.reduce(t, axis=(0, 2))  | np.logaddexp.reduce(v, initial=x)
np.subtract.reduce(m)                           | np.divide.reduce(w)                  | np.hypot.reduce(m, axis=1, keepdims=True)
np.power.reduce(w)                              | np.arctan2.reduce(m, axis=1)         | np.fmax.reduce(n, axis=1)
np.fmin.reduce(m, axis=None)                    | np.logaddexp.accumulate(m, axis=1)   | np.logaddexp.accumulate(v)
np.subtract.accumulate(m, axis=1)               | np.divide.accumulate(w)              | np.power.accumulate(w)
np.fmin.accumulate(v)                           | np.hypot.accumulate(t, axis=1)       | np.multiply.reduceat(w, [0, 2, 1])
np.maximum.reduceat(m, [0, 2], axis=1)          | np.logaddexp.reduceat(v, [1, 3])     | np.power.outer(w, v)
np.divide.outer(v, w)                           | np.hypot.outer(m, v)                 | np.add.reduce(m, axis=1, where=m > 0, initial=x)
np.multiply.reduce(m, axis=0, where=m > 0)      | np.logaddexp.reduce(m, axis=1, where=m > 0, initial=0.5) | np.subtract.reduce(m, axis=1, initial=x)
np.add.reduce(t, axis=(0, 2), keepdims=True)    | np.add.accumulate(m, axis=-1)        | np.minimum.reduce(t, axis=(0, 1), initial=0.4)
np.add(v, w, dtype=numpy.float32)               | np.sqrt(v, dtype=complex)            | np.multiply(v, w, signature="dd->d")
np.sum(m, axis=1, where=[True, False, True], initial=x) | np.mean(t, axis=(0, 2), where=t > 0.5) | np.var(t, axis=(0, 2), where=t > 0.5, ddof=1)
np.std(m, axis=1, correction=1)                 | np.var(m, axis=0, mean=np.mean(m, axis=0, keepdims=True)) | np.prod(m, axis=1, where=m > 0, initial=x)
np.max(m, axis=0, where=m < 1, initial=x)       | np.cumulative_sum(m, axis=1, include_initial=True) | np.cumulative_prod(w, include_initial=True)
np.ptp(t, axis=(0, 2), keepdims=True)           | np.diff(m, n=2, axis=1, prepend=x)   | np.ediff1d(m, to_begin=x, to_end=[1.0, 2.0])
np.linspace(v, w, 3, axis=-1)                   | np.linspace(x, 3.0, 4, retstep=True) | np.logspace(x, v[0], 3, base=2.0)
np.geomspace(w + 2, w * 3 + 2, 4)                       | np.meshgrid(v, w, sparse=True)[1]    | np.roll(t, (1, 2), axis=(0, 2))
np.rot90(t, 1, axes=(1, 2))                     | np.flip(t, (0, 2))                   | np.stack(np.broadcast_arrays(m, x))
np.split(t, [1, 2], axis=2)[1]                  | np.unstack(t, axis=1)[2]             | np.diagflat(m, 1)
np.array_split(v, [1, 1, 3])[2]                 | np.atleast_3d(v)                     | np.require(m, requirements="F")
np.digitize(v, G) * v                           | np.searchsorted(G, v) * v            | np.isin(v, [0.9]) * v
np.isclose(v, w) * v                            | np.sinc(v * w)                       | np.clip(m, None, s[:2])
np.float_power(w, v)                            | np.copysign(v, -w)                   | np.nextafter(v, 3.0)
np.heaviside(v, x)                              | np.spacing(v) * v                    | np.cbrt(v)
"""
LINES = [e.strip() for line in EXPRESSIONS.strip().splitlines() for e in line.split(" | ")]
LINES += [f"np.quantile(v, [0.0, 0.31, 0.5, 0.75], method={m!r})" for m in METHODS]
LINES += [f"np.quantile(m, 0.4, axis=1, method={m!r})" for m in METHODS]
LINES += [f"np.percentile(t, 66, axis=(0, 2), method={m!r})" for m in METHODS]
LINES += [f"np.nanquantile(n, 0.6, axis=1, method={m!r})" for m in METHODS]


def function_of(expression, np):
    code = compile(expression, "<expression>", "eval")
    scope = {"np": np, "numpy": numpy, "S": S} | FIXED
    names = [name for name in OPERANDS if name in _names(code)]
    return (lambda *values: eval(code, scope | dict(zip(names, values)))), [OPERANDS[n] for n in names]


def _names(code):
    found = set(code.co_names)
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            found |= _names(constant)
    return found


def leaves(made):
    return list(made) if isinstance(made, (list, tuple)) else [made]


def same(made, expected):
    for a, b in zip(leaves(made), leaves(expected), strict=True):
        a = a.value if isinstance(a, TracedArray) else a
        a, b = numpy.asarray(a), numpy.asarray(b)
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        rounding = 1e-6 if b.dtype == numpy.float32 else 1e-13
        numpy.testing.assert_allclose(a, b, rtol=rounding, atol=rounding)


@pytest.mark.parametrize("expression", LINES)
def test_value_and_derivatives(expression):
    f, args = function_of(expression, numpy)
    with numpy.errstate(all="ignore"):
        expected = f(*args)
    for np in (numpy, adkit.numpy):
        g, _ = function_of(expression, np)
        same(adkit.vjp(g, *args)[0], expected)
    if any(a is N for a in args):
        others = [i for i, a in enumerate(args) if a is not N]
        present = numpy.isnan(N)
        g, args = (lambda h: lambda y, *rest: h(*_with(others, numpy.where(present, numpy.nan, y), rest)))(g), [
            numpy.where(present, 0.0, N), *(args[i] for i in others)
        ]  # fmt: skip
    check_derivatives(g, args)


def _with(others, n, rest):
    every = list(rest)
    every.insert(next((i for i in range(len(rest) + 1) if i not in others), len(rest)), n)
    return every


@pytest.mark.parametrize("expression", LINES)
def test_a_recording_is_right_at_other_points(expression):
    """Evaluated again with other inputs, the recorded program gives what the function gives, or says that it left its
    path; it stays on its path where nothing decided otherwise.
    """
    f, args = function_of(expression, adkit.numpy)
    with recording() as record, numpy.errstate(all="ignore"):
        inputs = [make_input(a) for a in args]
        made = leaves(f(*inputs))
    outputs = [o.node for o in made if isinstance(o, TracedArray) and o.node is not None]
    random = numpy.random.default_rng(5)
    for size in (1e-9, 0.3, 1.0):
        moved = [a + size * random.uniform(-1, 1, numpy.shape(a)) for a in args]
        with numpy.errstate(all="ignore"):
            try:
                expected = leaves(f(*moved))
            except (ValueError, ZeroDivisionError):
                continue
            for node in outputs:
                nodes, _ = ancestors([node, *(g.node for g in record.guards)], 0)
                nodes = [n for n in nodes if all(n is not i.node for i in inputs)]
                replay = Replay(nodes, [i.node for i in inputs], node, record.guards)
                values = replay.values(moved)
                if not numpy.all(replay.on_path(values)):
                    assert size > 1e-6
                    continue
                place = next(i for i, o in enumerate(made) if isinstance(o, TracedArray) and o.node is node)
                now, then = (numpy.asarray(getattr(x, "value", x)) for x in (values[node], expected[place]))
                assert now.shape == then.shape
                numpy.testing.assert_allclose(now, then, rtol=1e-6 if now.dtype == numpy.float32 else 1e-9, atol=1e-9)
