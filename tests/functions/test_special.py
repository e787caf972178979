"""`scipy.special` with traced arguments: derivatives of orders 1 and 2 against mpmath at 50 digits, degenerate points, the
composed functions, what is refused, and the census of all names.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import types
import warnings

import mpmath as mp
import numpy as np
import pytest
import scipy.special as sp

import adkit as ad
import adkit.scipy.special as special
from adkit.primitives.special import ROWS
from adkit.scipy.special_census import CENSUS, SEVERAL, Entry

from .special_reference import COMPONENTS, REFERENCES, Reference


def exact(reference: Reference, point: tuple, orders: tuple[int, ...]) -> complex:
    """A partial derivative at 50 digits."""
    places = reference.of

    def f(*given):
        every = [mp.mpf(x) if isinstance(x, float) else x for x in point]
        for i, x in zip(places, given, strict=True):
            every[i] = x
        return reference.function(*every)

    with mp.workdps(50):
        given = [mp.mpf(point[i]) for i in places]
        return complex(mp.diff(f, tuple(given), tuple(orders)) if len(given) > 1 else mp.diff(f, given[0], orders[0]))


def compare(f, reference: Reference):
    """All first and second derivatives of f in the differentiated places, in both modes."""
    count = len(reference.of)
    basis = np.eye(count)
    for point in reference.points:

        def of(*given, point=point):
            every = list(point)
            for i, x in zip(reference.of, given, strict=True):
                every[i] = x
            return ad.numpy.real(f(*every))

        given = tuple(float(point[i]) for i in reference.of)
        value = abs(of(*given))
        first = [exact(reference, point, tuple(int(k == i) for k in range(count))) for i in range(count)]
        pulled = ad.vjp(of, *given)[1](1.0)
        for i in range(count):
            agree(pulled[i], first[i], reference.rounding, value, (point, i))
            agree(ad.jvp(of, given, tuple(basis[i]))[1], first[i], reference.rounding, value, (point, i))
        second: dict[tuple[int, ...], complex] = {}  # each mixed derivative once
        for i in range(count):
            slope = lambda *xs, i=i: ad.jvp(of, xs, tuple(basis[i]))[1]  # noqa: E731
            pulled = ad.vjp(slope, *given)[1](1.0)
            for j in range(count):
                orders = tuple(int(k == i) + int(k == j) for k in range(count))
                scale = max(abs(first[i]), abs(first[j]))
                if orders not in second:
                    second[orders] = exact(reference, point, orders)
                agree(pulled[j], second[orders], max(reference.rounding, reference.second), scale, (point, i, j))


def agree(made, expected, rounding, scale, where):
    """Agreement relative to the derivative, or to what it is the derivative of where that is larger (an extremum)."""
    size = max(abs(expected), 1e-3 * scale)
    assert abs(made - expected.real) <= rounding * size, (where, made, expected, abs(made - expected.real) / size)


@pytest.mark.parametrize("name", REFERENCES)
def test_derivatives_against_mpmath(name):
    function = getattr(sp, name)
    compare(function if isinstance(function, np.ufunc) else getattr(special, name), REFERENCES[name])


@pytest.mark.parametrize(("name", "index"), COMPONENTS)
def test_derivatives_of_each_result_against_mpmath(name, index):
    compare(lambda *xs: getattr(sp, name)(*xs)[index], COMPONENTS[name, index])


# ------------------------------------------------------------------------------------------------ degenerate points


@pytest.mark.parametrize(
    ("f", "point", "first", "second"),
    [
        (sp.j1, 0.0, 0.5, 0.0),
        (sp.i1, 0.0, 0.5, 0.0),
        (lambda x: sp.sici(x)[0], 0.0, 1.0, 0.0),
        (lambda x: sp.shichi(x)[0], 0.0, 1.0, 0.0),
        (sp.spence, 1.0, -1.0, 0.5),
        (sp.exprel, 0.0, 0.5, 1 / 3),
        (sp.ellipk, 0.0, np.pi / 8, 9 * np.pi / 64),
        (sp.ellipe, 0.0, -np.pi / 8, -3 * np.pi / 64),
        (sp.rgamma, 0.0, 1.0, 2 * np.euler_gamma),
        (sp.rgamma, -1.0, -1.0, 2 * (1 - np.euler_gamma)),
        (lambda x: sp.boxcox(2.0, x), 0.0, np.log(2.0) ** 2 / 2, np.log(2.0) ** 3 / 3),
        (lambda x: sp.inv_boxcox(1.0, x), 0.0, -np.e / 2, np.e * (0.25 + 2 / 3)),
        (lambda x: sp.bei(x), 0.0, 0.0, 0.5),
        (lambda x: sp.it2j0y0(x)[0], 0.0, 0.0, 0.25),
        (lambda x: sp.it2i0k0(x)[0], 0.0, 0.0, 0.25),
        (lambda x: special.spherical_jn(0, x), 0.0, 0.0, -1 / 3),
        (lambda x: special.diric(x, 5), 0.0, 0.0, -2.0),
        (lambda x: sp.eval_legendre(4, x), 1.0, 10.0, 45.0),
        (lambda x: sp.voigt_profile(0.7, x, 0.4), 0.0, 0.0, None),
        (lambda x: sp.xlogy(x, 2.0), 0.0, np.log(2.0), 0.0),
        (lambda x: special.lambertw(x).real, 0.0, 1.0, -2.0),
    ],
)
def test_points_at_which_the_plain_formula_breaks(f, point, first, second):
    assert ad.grad(f)(point) == pytest.approx(first, rel=1e-13, abs=1e-14)
    if second is not None:
        assert ad.grad(ad.grad(f))(point) == pytest.approx(second, rel=1e-12, abs=1e-13)


def test_products_with_logarithms_at_the_origin():
    assert ad.grad(sp.xlogy, argnums=(0, 1))(0.0, 0.0) == (0.0, 0.0)
    assert ad.grad(lambda y: ad.grad(sp.xlogy)(0.0, y))(2.0) == 0.5
    assert ad.grad(sp.xlog1py, argnums=(0, 1))(0.0, -1.0) == (0.0, 0.0)


def test_voigt_without_width_is_lorentz():
    x, gamma = 0.7, 0.4
    hessian = ad.hessian(lambda v: sp.voigt_profile(v[0], v[1], v[2]))(np.array([x, 0.0, gamma]))
    lorentz = ad.hessian(lambda v: v[1] / np.pi / (v[0] ** 2 + v[1] ** 2))(np.array([x, gamma]))
    np.testing.assert_allclose(hessian[np.ix_([0, 2], [0, 2])], lorentz, rtol=1e-13)
    np.testing.assert_allclose(hessian[1, 1], lorentz[0, 0], rtol=1e-13)


def test_huber_at_its_corners():
    assert ad.grad(sp.huber, argnums=(0, 1))(1.0, 3.0) == (2.0, 1.0)
    assert ad.grad(sp.huber, argnums=(0, 1))(1.0, -0.5) == (0.0, -0.5)
    assert ad.grad(sp.pseudo_huber, argnums=(0, 1))(0.0, 0.0) == (0.0, 0.0)


# ------------------------------------------------------------------------------------------------ complex arguments


@pytest.mark.parametrize("name", ["jve", "yve", "ive"])
def test_scaled_bessel_functions_of_complex_arguments_have_the_derivative_of_their_scale(name):
    """They are not analytic: the derivatives along both axes, against differences of SciPy's values."""
    z = 0.8 + 0.6j
    f = lambda x, y: getattr(sp, name)(1.5, x + 1j * y)  # noqa: E731
    for i, step in enumerate((1e-5, 1e-5j)):
        pushed = ad.jvp(f, (z.real, z.imag), tuple(np.eye(2)[i]))[1]
        g = getattr(sp, name)
        numeric = (8 * (g(1.5, z + step) - g(1.5, z - step)) - (g(1.5, z + 2 * step) - g(1.5, z - 2 * step))) / 12e-5
        assert abs(pushed - numeric) < 1e-10


def test_trigamma_of_complex_arguments():
    for z in (0.7 + 0.4j, -2.3 + 1.5j, 8 - 3j):
        slope = ad.jvp(sp.psi, (z,), (1.0 + 0j,))[1]
        with mp.workdps(30):
            assert abs(slope - complex(mp.polygamma(1, mp.mpc(z)))) < 1e-13 * abs(slope)


# ------------------------------------------------------------------------------------------------ composed functions


def test_logsumexp_with_every_option():
    x = np.array([[0.3, -1.2, 700.0], [2.0, -np.inf, 1.0]])
    b = np.array([[1.0, 2.0, 0.5], [0.0, 3.0, 1.5]])
    for axis in (None, 0, 1, (0, 1)):
        for keepdims in (False, True):
            for weights in (None, b):
                options = {"axis": axis, "keepdims": keepdims, "b": weights}
                value = ad.jvp(lambda a, o=options: sp_logsumexp(a, **o), (x,), (np.ones_like(x),))
                np.testing.assert_allclose(value[0], sp.logsumexp(x, **options), rtol=1e-15)
                np.testing.assert_allclose(value[1], np.ones_like(value[0]), rtol=1e-14)


sp_logsumexp = special.logsumexp


def test_logsumexp_with_signs_and_at_minus_infinity():
    a, b = np.array([1.0, 2.0]), np.array([1.0, -1.0])
    value, sign = special.logsumexp(ad.numpy.array(a), b=b, return_sign=True)
    assert (value, sign) == sp.logsumexp(a, b=b, return_sign=True)
    g = ad.grad(lambda a: special.logsumexp(a, b=b, return_sign=True)[0])(a)
    np.testing.assert_allclose(g, b * np.exp(a) / np.sum(b * np.exp(a)), rtol=1e-14)
    empty = ad.grad(lambda a: special.logsumexp(a))(np.array([-np.inf, -np.inf]))
    np.testing.assert_array_equal(empty, [0.0, 0.0])
    g = ad.grad(lambda b: special.logsumexp(a, b=b))(np.array([1.0, 0.0]))
    np.testing.assert_allclose(g, np.exp(a - 1.0), rtol=1e-14)


def test_softmax_and_log_softmax():
    x = np.array([0.3, -1.2, 900.0])
    for name in ("softmax", "log_softmax"):
        ours = getattr(special, name)
        value, _ = ad.jvp(ours, (x,), (x,))
        np.testing.assert_allclose(value, getattr(sp, name)(x), rtol=1e-15)
        jacobian = ad.jacobian(ours)(np.array([0.3, -1.2, 0.1]))
        p = sp.softmax([0.3, -1.2, 0.1])
        expected = np.diag(p) - np.outer(p, p) if name == "softmax" else np.eye(3) - p
        np.testing.assert_allclose(jacobian, expected, rtol=1e-13, atol=1e-16)


def test_sums_and_products_of_gamma():
    a = np.array([3.5, 7.0])
    value, slope = ad.jvp(lambda a: special.multigammaln(a, 3), (a,), (np.ones(2),))
    np.testing.assert_allclose(value, sp.multigammaln(a, 3), rtol=1e-15)
    np.testing.assert_allclose(slope, sum(sp.psi(a - j / 2) for j in range(3)), rtol=1e-14)
    with pytest.raises(ValueError, match="not met"):
        ad.grad(lambda a: special.multigammaln(a, 3))(0.5)
    n, k = 5.5, 2.25
    for name, row in (("comb", sp.binom), ("perm", lambda n, k: sp.poch(n - k + 1, k))):
        made = ad.value_and_grad(getattr(special, name), argnums=(0, 1))(n, k)
        expected = ad.value_and_grad(row, argnums=(0, 1))(n, k)
        assert made == expected
        assert made[0] == pytest.approx(getattr(sp, name)(n, k), rel=1e-14)
        assert ad.grad(lambda n, name=name: getattr(special, name)(n, 7.0) + 0 * n)(5.0) == 0.0
    assert ad.grad(special.factorial)(3.5) == pytest.approx(sp.gamma(4.5) * sp.psi(4.5), rel=1e-14)
    assert ad.grad(lambda n: special.factorial(n) + n)(-1.5) == 1.0


def test_orders_of_bessel_derivatives():
    for name in ("jvp", "yvp", "kvp", "ivp"):
        for n in (0, 1, 2):
            made = ad.grad(lambda z, name=name, n=n: getattr(special, name)(1.5, z, n))(2.0)
            assert made == pytest.approx(getattr(sp, name)(1.5, 2.0, n + 1), rel=1e-12)
    for name in ("spherical_jn", "spherical_yn", "spherical_in", "spherical_kn"):
        for n in (0, 2):
            f = getattr(special, name)
            assert ad.grad(lambda z, f=f, n=n: f(n, z))(2.0) == pytest.approx(
                getattr(sp, name)(n, 2.0, derivative=True), rel=1e-12
            )
            made = ad.value_and_grad(lambda z, f=f, n=n: f(n, z, derivative=True))(2.0)
            assert made[0] == pytest.approx(getattr(sp, name)(n, 2.0, derivative=True), rel=1e-12)
            assert made[1] == pytest.approx(ad.grad(ad.grad(lambda z, f=f, n=n: f(n, z)))(2.0), rel=1e-12)


def test_spherical_harmonics_at_a_pole_and_elsewhere():
    for n, m in ((0, 0), (3, 1), (3, -2), (2, 2)):
        for theta in (0.0, 0.7):
            f = lambda t, p, n=n, m=m: special.sph_harm_y(n, m, t, p).real  # noqa: E731
            derivatives = sp.sph_harm_y(n, m, theta, 0.4, diff_n=1)[1]
            np.testing.assert_allclose(ad.grad(f, argnums=(0, 1))(theta, 0.4), derivatives.real, atol=1e-14)


@pytest.mark.parametrize(
    "f", [lambda t: sp.sph_legendre_p(3, 1, t), lambda t: sp.legendre_p(3, t), lambda t: sp.legendre_p(3, t, diff_n=2)]
)
@pytest.mark.parametrize("t", [np.float64(0.4), np.array([0.3, 0.5]), np.array([[0.3], [0.5]])])
def test_functions_that_add_an_axis_have_scipys_shape(f, t):
    out, tangent = ad.jvp(ad.lift(f), (t,), (np.ones_like(t),))
    assert out.shape == tangent.shape == f(t).shape
    np.testing.assert_allclose(out, f(t), rtol=1e-13, atol=1e-13)
    h = 1e-6
    np.testing.assert_allclose(tangent, (f(t + h) - f(t - h)) / (2 * h), rtol=1e-7, atol=1e-8)
    size = f(t).shape[0]
    batch = np.stack([t, 2 * t, 3 * t])
    np.testing.assert_allclose(ad.vmap(ad.lift(f))(batch), np.stack([f(b) for b in batch]), rtol=1e-13, atol=1e-13)
    if np.ndim(t):
        dense = ad.jacobian(ad.lift(f))(t)
        sparse = ad.jacobian(ad.lift(lambda t: np.ravel(f(t))), mode="sparse")(t.ravel())
        np.testing.assert_allclose(sparse.toarray(), dense.reshape(size * t.size, t.size), rtol=1e-12, atol=1e-12)
        assert sparse.nnz <= size * t.size


# every row is elementwise: a function that added an axis would be wrong in each sweep that believes it
@pytest.mark.parametrize("name", ROWS)
def test_every_row_has_the_shape_of_its_operands(name):
    row = ROWS[name]
    whole = {"lambertw": (1,), "sph_harm_y": (0, 1), "sph_legendre_p": (0, 1)}.get(name, ())
    whole = (0,) if name in ("yn", "kn", "expn") or name.startswith(("eval_hermite", "smirnov")) else whole
    operands = [np.full((2, 1) if i == 0 else (3,), 1 if i in whole else 0.5) for i in range(row.arity)]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of counts that are not whole
        assert np.shape(row.plain(*operands)) == ((2, 1) if row.arity == 1 else (2, 3))


# ------------------------------------------------------------------------------------------------ refused


def _refused_arguments():
    found = []
    for name, entry in CENSUS.items():
        function = getattr(sp, name, None)
        if isinstance(function, np.ufunc) and (entry.without or entry.kind == "refused"):
            row = ROWS[SEVERAL[name][0] if name in SEVERAL else {"jn": "jv"}.get(name, name)]
            for i in row.refused:
                found.append(pytest.param(function, row, i, id=f"{name}-{row.arguments[i]}"))
    return found


@pytest.mark.parametrize(("function", "row", "operand"), _refused_arguments())
def test_an_argument_without_a_derivative_is_refused_by_name(function, row, operand):
    def f(x):
        result = function(*(x if i == operand else 0.5 for i in range(row.arity)))
        return result[0] if isinstance(result, tuple) else result

    with pytest.raises(
        ad.AdkitError, match=rf"has no derivative in its argument {row.arguments[operand]} \(line \d+\)\. Fix: "
    ):
        ad.grad(f)(0.5)


def test_refused_functions_say_why():
    for name, entry in CENSUS.items():
        if entry.kind == "refused" and hasattr(sp, name) and not isinstance(getattr(sp, name), np.ufunc):
            with pytest.raises(ad.AdkitError, match="no derivative"):
                ad.grad(lambda x, name=name: getattr(special, name)(x))(0.5)


def test_an_argument_without_dependence_is_not_refused():
    f = lambda v, x: sp.jv(ad.stop_gradient(v), x)  # noqa: E731
    assert ad.grad(f, argnums=1)(1.0, 0.5) == ad.grad(lambda x: sp.jv(1.0, x))(0.5)
    trace = ad.trace(f)(1.0, 0.5)
    assert "J_" in str(trace) or "jv" in str(trace)
    assert ad.grad(lambda x: sp.eval_legendre(ad.numpy.argmax(ad.numpy.stack([x, 2 * x])) + 2, x))(
        0.5
    ) == pytest.approx(ad.grad(lambda x: sp.eval_legendre(3, x))(0.5))


# ------------------------------------------------------------------------------------------------ the census


def test_the_census_has_every_public_name_of_this_scipy():
    public = {
        name for name in dir(sp) if not name.startswith("_") and not isinstance(getattr(sp, name), types.ModuleType)
    }
    assert sorted(public - set(CENSUS)) == []
    for entry in CENSUS.values():
        assert isinstance(entry, Entry)
        assert entry.kind in ("differentiable", "constant", "refused")
        assert bool(entry.arguments) == (entry.kind == "differentiable")
        assert bool(entry.reason) == (entry.kind != "differentiable")


def test_what_the_census_calls_differentiable_is_there():
    for name, entry in CENSUS.items():
        if entry.kind == "differentiable" and hasattr(sp, name):
            assert name in vars(special), name


def test_the_names_of_arguments_are_scipys():
    checked = 0
    for name, entry in CENSUS.items():
        function = getattr(sp, name, None)
        if not isinstance(function, np.ufunc) or not (entry.arguments or entry.without):
            continue
        signatures = re.findall(rf"^{name}\(([^)]*)\)", function.__doc__ or "", re.MULTILINE)
        names = [
            [part.split("=")[0].strip() for part in s.split(",")][: function.nin] for s in signatures if "[" not in s
        ]
        if names and name not in ("cbrt", "exp2", "expm1", "log1p"):
            assert sorted(names[-1]) == sorted((*entry.arguments, *entry.without)), name
            checked += 1
    assert checked > 120


CODE = """
import numpy as np
import scipy.special as sp
import adkit as ad
import adkit.scipy.special as special
x = np.array([0.3, 0.7])
for ours in (sp.erf, sp.gammaln, sp.expit, sp.j0, lambda v: sp.jv(1, v), lambda v: sp.betainc(2.0, 3.0, v), lambda v: sp.xlogy(v, 2.0), special.erf,
             lambda v: special.logsumexp(v), lambda v: special.softmax(v)[0], lambda v: sp.stdtr(3.0, v), sp.ndtri, sp.i1e):
    g = ad.grad(lambda v: np.sum(ours(v)))(x)
    h = 1e-6
    for i in range(2):
        d = h * np.eye(2)[i]
        assert abs(g[i] - float(np.sum(ours(x + d)) - np.sum(ours(x - d))) / (2 * h)) < 1e-8
try:
    ad.grad(lambda v: sp.jv(v, 0.5))(1.0)
except ad.AdkitError as error:
    assert "no derivative in its argument v" in str(error)
else:
    raise SystemExit("not refused")
print("done")
"""


@pytest.mark.parametrize("switch", [{}, {"SCIPY_ARRAY_API": "1"}], ids=["off", "on"])
def test_special_functions_with_the_array_api_switch_on_and_off(switch):
    plain = {
        name: value for name, value in os.environ.items() if name != "SCIPY_ARRAY_API"
    }  # any text is yes, also "0"
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, env=plain | switch)
    assert done.stdout == "done\n", done.stderr


def test_ufunc_options():
    def f(x):
        out = ad.numpy.zeros(2)
        sp.expit(x, where=np.array([True, False]), out=out)
        return out.sum()

    np.testing.assert_allclose(ad.grad(f)(np.array([0.3, 0.4])), [sp.expit(0.3) * sp.expit(-0.3), 0.0])
    with pytest.raises(ad.AdkitError, match="plain NumPy array"):
        ad.grad(lambda x: sp.erf(x, out=np.zeros(2)).sum())(np.array([0.3, 0.4]))


def test_neighbours_in_the_table_at_points_where_plain_formulas_break():
    assert ad.grad(ad.grad(np.sinc))(0.0) == pytest.approx(-(np.pi**2) / 3, rel=1e-14)
    assert ad.grad(lambda b: ad.grad(lambda a: a**b)(2.0))(0.0) == 0.5
