"""Nothing loses a gradient silently: what would make a traced value plain raises at the user's line, with the fix.

Where NumPy wraps the error in one of its own, the transformation shows the original.
"""

from __future__ import annotations

import array
import cmath
import contextlib
import copy
import math
import operator
import pickle
import statistics
import struct

import numpy as np
import pytest
from matplotlib import mlab
from matplotlib.figure import Figure

import adkit.numpy as anp
from adkit import (
    AdkitError,
    IndependentError,
    LeakError,
    UnsupportedError,
    grad,
    jacobian,
    jvp,
    lift,
    stop_gradient,
    trace,
    vjp,
)

X = 1.5


def expect(f, error=LeakError, x=X):
    """`f` raises at its own line under every transformation, with a fix at the end; returns the message."""
    message = ""
    for transform in (
        grad(f),
        grad(f, mode="forward"),
        jacobian(f),
        trace(f),
        lambda x: jvp(f, (x,), (x,)),
        lambda x: vjp(f, x),
    ):
        with pytest.raises(AdkitError) as caught:
            transform(x)
        message = str(caught.value)
        assert isinstance(caught.value, error), message
        first = f.__code__.co_firstlineno
        assert caught.value.filename == __file__
        assert first <= caught.value.line <= max(line for *_, line in f.__code__.co_lines() if line)
        assert f"(line {caught.value.line})" in message
        assert ". Fix: " in message
        assert caught.value.fix
    return message


# ------------------------------------------------------------------------------------------------ conversions

CONVERSIONS = {
    "float": lambda x: float(x),
    "float of an expression": lambda x: float(np.sin(x) * 2.0),
    "complex": lambda x: complex(x),
    "int": lambda x: list(map(int, [x])),
    "int64": lambda x: np.int64(x),
    "math.sin": lambda x: math.sin(x),
    "math.pow": lambda x: math.pow(x, 2),
    "math.atan2": lambda x: math.atan2(1.0, x),
    "math.fsum": lambda x: math.fsum([x, x]),
    "math.hypot": lambda x: math.hypot(x, 1.0),
    "cmath.exp": lambda x: cmath.exp(x),
    "numpy.float64": lambda x: np.float64(x),
    "numpy.float32": lambda x: np.float32(x),
    "numpy.complex128": lambda x: np.complex128(x),
    "item": lambda x: x.item(),
    "item of an array": lambda x: (x * np.ones(2)).item(1),
    "array with a dtype": lambda x: np.array([x, x], float),
    "array with a dtype and numbers": lambda x: np.array([1.0, x], dtype=np.float64),
    "asarray with a dtype": lambda x: np.asarray(x, dtype=float),
    "asarray of an array": lambda x: np.asarray(x * np.ones(3), dtype=float),
    "array.array": lambda x: array.array("d", [x]),
    "range": lambda x: range(x),
    "repetition": lambda x: [1.0][x],
    "slice": lambda x: np.arange(3.0)[: x * 2],
    "linspace count": lambda x: np.linspace(0.0, 1.0, x),
    "full_like": lambda x: np.full_like(np.ones(3), x),
    "nan_to_num": lambda x: np.nan_to_num(np.array([np.nan]), nan=x),
    "initial": lambda x: np.sum(np.ones(3), initial=x),
    "pad": lambda x: np.pad(np.ones(2), 1, constant_values=x),
    "random": lambda x: np.random.normal(x),
    "generator": lambda x: np.random.default_rng(0).normal(x, 1.0, 3),
    "vectorize": lambda x: np.vectorize(math.sin)(x),
    "pickle": lambda x: pickle.dumps(x),
}


@pytest.mark.parametrize("name", CONVERSIONS)
def test_conversion(name):
    expect(CONVERSIONS[name])


def test_messages_say_what_leaks_and_what_to_write():
    assert "plain float" in expect(CONVERSIONS["math.sin"])
    assert "math" in expect(CONVERSIONS["math.sin"])
    assert "adkit.numpy" in expect(CONVERSIONS["array with a dtype"])
    assert "stop_gradient" in expect(CONVERSIONS["int"])


@pytest.mark.parametrize("name", ["element", "everywhere", "an_array", "by_mask", "into_an_integer_array", "with_out"])
def test_a_store_names_both_ways_to_make_the_array(name):
    f = globals()[f"store_{name}"]
    message = expect(f)
    assert "adkit.lift(f)" in message
    if "integer" in name:
        assert "dtype=float" in message
        return
    assert "plain NumPy array" in message or "stored in a plain array" in message
    assert "adkit.numpy.zeros" in message
    assert grad(lift(f))(X) > 0


def test_a_store_into_an_object_of_the_users_is_no_store_into_an_array():
    class Table:
        def __setitem__(self, key, value):
            self.value = float(value)

    def f(x):
        table = Table()
        table[0] = x
        return table.value

    with pytest.raises(LeakError, match="plain float"):
        grad(f)(X)


def test_the_line_is_the_innermost_of_the_users():
    def helper(t):
        return math.exp(t)

    def f(x):
        y = x * 2.0
        return helper(y)

    with pytest.raises(LeakError) as caught:
        grad(f)(1.0)
    assert caught.value.line == helper.__code__.co_firstlineno + 1


def test_struct_and_statistics_do_not_pass_silently():
    with pytest.raises((AdkitError, struct.error)):
        grad(lambda x: struct.unpack("d", struct.pack("d", x))[0])(1.0)
    with pytest.raises((AdkitError, TypeError)):
        grad(lambda x: statistics.mean([x, x]))(1.0)
    with pytest.raises((AdkitError, TypeError)):
        grad(lambda x: np.frombuffer(x * np.ones(2)).sum())(1.0)


def test_bytes():
    expect(lambda x: (x * np.ones(3)).tobytes(), UnsupportedError)


# ------------------------------------------------------------------------------------------------ stores


def store_element(x):
    a = np.zeros(3)
    a[0] = x
    return a.sum()


def store_everywhere(x):
    a = np.zeros(3)
    a[:] = x
    return a.sum()


def store_an_array(x):
    a = np.zeros(3)
    a[:] = x * np.ones(3)
    return a.sum()


def store_by_mask(x):
    a = np.zeros(3)
    a[a == 0] = x
    return a.sum()


def store_with_out(x):
    a = np.ones(3)
    np.add(a, x, out=a)
    return a.sum() + x


def store_with_positional_out(x):
    a = np.ones(3)
    np.multiply(a, x, a)
    return a.sum() + x


def store_with_out_of_a_reduction(x):
    a = np.ones(())
    np.sum(x * np.ones(3), out=a)
    return a + x


def store_with_add_at(x):
    a = np.ones(3)
    np.add.at(a, [0], x)
    return a.sum() + x


def store_with_copyto(x):
    a = np.ones(3)
    np.copyto(a, x)
    return a.sum() + x


def store_with_put(x):
    a = np.ones(3)
    np.put(a, [0], x)
    return a.sum() + x


def store_with_fill(x):
    a = np.ones(3)
    a.fill(x)
    return a.sum() + x


def store_with_place(x):
    a = np.ones(3)
    np.place(a, np.array([True, False, True]), anp.array([x]))
    return a.sum() + x


def store_with_putmask(x):
    a = np.ones(3)
    np.putmask(a, np.array([True, False, True]), x)
    return a.sum() + x


def store_with_fill_diagonal(x):
    a = np.ones((2, 2))
    np.fill_diagonal(a, x)
    return a.sum() + x


def store_with_put_along_axis(x):
    a = np.ones(3)
    np.put_along_axis(a, np.array([0]), x, 0)
    return a.sum() + x


def store_through_a_slice(x):
    a = np.ones(3)
    a[1:] += x
    return a.sum() + x


def store_into_an_integer_array(x):
    a = np.zeros(3, int)
    a[0] = x
    return a.sum()


def store_into_a_column(x):
    a = np.zeros((2, 2))
    a[:, 0] = [x, 2.0 * x]
    return a.sum()


STORES = [value for name, value in list(globals().items()) if name.startswith("store_")]


@pytest.mark.parametrize("f", STORES, ids=lambda f: f.__name__)
def test_store_into_a_plain_array(f):
    expect(f)


# ------------------------------------------------------------------------------------------------ in-place operators


class Holder:
    """Something with an array in an attribute."""


MODULE_ARRAY = np.ones(3)


def one_name(x):
    a = np.ones(3)
    a += x
    return a.sum()


def one_name_several_times(x):
    a = np.ones(3)
    a *= 2.0
    a += x
    a *= x
    a[0] = 0.0
    return a.sum()


def one_attribute(x):
    holder = Holder()
    holder.a = np.ones(3)
    holder.a += x
    return holder.a.sum()


def one_element(x):
    things = [np.ones(3)]
    things[0] += x
    return things[0].sum()


def one_closure_variable(x):
    a = np.ones(3)

    def add():
        nonlocal a
        a += x
        return a.sum()

    return add()


def in_a_module(x):
    space = {"np": np, "x": x}
    exec(compile("a = np.ones(3)\na += x\nresult = a.sum()", "<module>", "exec"), space)
    return space["result"]


def matrix_product(x):
    a = np.eye(3)
    a @= x * np.ones((3, 3)) / 3.0
    return a.sum()


def every_operator(x):
    a, b, c, d = np.ones(3), np.ones(3), np.ones(3), 2.0 * np.ones(3)
    a -= x
    b *= x
    c /= x
    d **= x
    return (a + b + c + d).sum()


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize(
    ("f", "want"),
    [
        (one_name, 3.0),
        (one_name_several_times, 2 * (2.0 + 2 * X)),
        (one_attribute, 3.0),
        (one_element, 3.0),
        (one_closure_variable, 3.0),
        (in_a_module, 3.0),
        (matrix_product, 3.0),
        (every_operator, 3 * (-1 + 1 - 1 / X**2 + 2**X * np.log(2.0))),
    ],
    ids=lambda f: getattr(f, "__name__", ""),
)
def test_in_place_operator_on_an_array_with_one_name_rebinds_it(f, want, mode):
    assert grad(f, mode=mode)(X) == pytest.approx(want, rel=1e-14)


def alias_by_name(x):
    a = np.ones(3)
    b = a
    a += x
    return b.sum() + x


def alias_in_a_list(x):
    a = np.ones(3)
    things = [a]
    a += x
    return things[0].sum() + x


def alias_by_a_view(x):
    a = np.ones(3)
    view = a[:2]
    a += x
    return view.sum() + x


def alias_of_the_base(x):
    base = np.ones(6)
    a = base[:3]
    a += x
    return base.sum() + x


def alias_by_an_attribute(x):
    holder = Holder()
    holder.a = a = np.ones(3)
    holder.a += x
    return a.sum() + x


def alias_of_an_element(x):
    a = np.ones(3)
    things = [a]
    things[0] += x
    return a.sum() + x


def alias_by_the_caller(x):
    def add(a):
        a += x

    a = np.ones(3)
    add(a)
    return a.sum() + x


def alias_by_a_default(x, a=np.ones(3)):  # noqa: B008
    a += x
    return a.sum()


def alias_of_a_closure_variable(x):
    a = np.ones(3)
    b = a

    def add():
        nonlocal a
        a += x

    add()
    return b.sum() + x


def alias_in_a_loop(x):
    rows = [np.ones(3), np.ones(3)]
    for row in rows:
        row += x
    return sum(row.sum() for row in rows) + x


def alias_by_iteration_over_a_matrix(x):
    a = np.ones((2, 3))
    for row in a:
        row += x
    return a.sum() + x


def alias_through_operator_module(x):
    a = np.ones(3)
    operator.iadd(a, x)
    return a.sum() + x


ALIASES = [value for name, value in list(globals().items()) if name.startswith("alias_")]


@pytest.mark.parametrize("f", ALIASES, ids=lambda f: f.__name__)
def test_in_place_operator_on_an_array_with_other_names_is_refused(f):
    message = expect(f)
    assert "plain NumPy array" in message


def test_refused_operators_leave_the_array_alone():
    kept = np.ones(3)
    other = kept

    def f(x):
        a = kept
        a += x
        return a.sum()

    with pytest.raises(LeakError):
        grad(f)(1.0)
    np.testing.assert_array_equal(other, 1.0)


def test_in_place_operator_into_an_integer_array():
    def f(x):
        a = np.ones(3, int)
        a += x
        return a.sum()

    with pytest.raises((AdkitError, TypeError)):
        grad(f)(1.0)


# ------------------------------------------------------------------------------------------------ functions


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.savetxt("/nonexistent/file", x * np.ones(3)),
        lambda x: np.strings.isalpha(x * np.ones(3)),
    ],
)
def test_function_without_a_rule(f):
    assert "numpy." in expect(f, UnsupportedError)


def test_adkit_numpy_refuses_what_it_has_no_rule_for():
    message = expect(lambda x: anp.save("/nonexistent/file", x * np.ones(3)), UnsupportedError)
    assert "numpy.save" in message
    assert "stop_gradient" in message


def test_functions_without_a_rule_take_plain_arguments():
    assert grad(lambda x: x * np.unique(np.array([1.0, 1.0, 2.0])).sum())(2.0) == 3.0
    assert grad(lambda x: x * anp.unique(np.array([1.0, 1.0, 2.0])).sum())(2.0) == 3.0


def test_stop_gradient_is_the_way_out():
    assert grad(lambda x: x * math.sin(stop_gradient(x)))(X) == math.sin(X)
    assert grad(lambda x: x * int(stop_gradient(x)))(X) == 1.0
    assert grad(lambda x: x * list(map(int, [stop_gradient(x)]))[0])(X) == 1.0


# ------------------------------------------------------------------------------------------------ wrapped errors


def test_the_users_own_errors_are_not_replaced():
    def f(x):
        try:
            float(x)
        except TypeError:
            return x * 2.0

    assert grad(f)(1.0) == 2.0

    def g(x):
        raise ValueError("mine") from KeyError("k")

    with pytest.raises(ValueError, match="mine"):
        grad(g)(1.0)


def test_errors_that_c_code_puts_in_the_place_of_a_leak():
    import scipy.optimize
    import scipy.sparse
    import scipy.stats

    def into_flat(x):
        a = np.zeros(2)
        a.flat[0] = x
        return a.sum()

    for f in (into_flat, lambda x: scipy.optimize.brentq(lambda t: t * t - x, 0.0, 3.0)):
        with pytest.raises(LeakError) as caught:
            grad(f)(X)
        assert caught.value.filename == __file__
        assert "Fix:" in str(caught.value)
    for f in (
        lambda x: scipy.stats.norm.logpdf(x),
        lambda x: statistics.mean([x, x]),
        lambda x: (scipy.sparse.csr_matrix(np.eye(2)) * x).sum(),
    ):
        with pytest.raises(UnsupportedError, match="Fix:"):
            grad(f)(X)


def test_the_users_own_words_about_objects_are_not_replaced():
    def f(x):
        raise TypeError("an array of dtype object")

    with pytest.raises(TypeError, match="^an array of dtype object$"):
        grad(f)(1.0)
    with pytest.raises(TypeError, match="NoneType"):
        grad(lambda x: x * None)(1.0)


def test_a_leak_that_the_user_caught_is_not_blamed_for_a_later_error():
    def f(x):
        with contextlib.suppress(LeakError):
            float(x)
        return x * int("text")

    with pytest.raises(ValueError, match="invalid literal"):
        grad(f)(1.0)


def test_a_leak_leaves_no_state_behind():
    for _ in range(3):
        with pytest.raises(LeakError):
            grad(lambda x: float(x))(1.0)
        assert grad(lambda x: x * x)(3.0) == 6.0
    with pytest.raises(IndependentError):
        grad(lambda x: 1.0)(1.0)


# ------------------------------------------------------------------------------------------------ what may pass


@pytest.mark.parametrize(
    ("f", "want"),
    [
        (lambda x: x * len(str(x)), 3.0),
        (lambda x: x * len(f"{x:.1f}"), 3.0),
        (lambda x: x * len("%.1f %g %d" % (x, x, x)), 9.0),  # noqa: UP031
        (lambda x: np.float64(7.0) % x + x % np.float32(7.0), -3.0),
        (lambda x: x * len(repr(x)) * 0 + x, 1.0),
        (lambda x: copy.copy(x) * 2.0, 2.0),
        (lambda x: copy.deepcopy([x])[0] * 2.0, 2.0),
        (lambda x: abs(x) + max(x, 0.0) + min(x, 9.0) + sum([x, x]), 5.0),
        (lambda x: divmod(x, 1.0)[1], 1.0),
        (lambda x: math.prod([x, x]), 3.0),
        (lambda x: math.floor(x) * x + math.ceil(x) * x + math.trunc(x) * x, 4.0),
        (lambda x: round(x, 1) * 0 + x, 1.0),
        (lambda x: {x: 1.0}[x] * x, 1.0),
        (lambda x: np.array([x, x]).sum(), 2.0),
        (lambda x: anp.array([x, x], dtype=object)[0] * x, 3.0),
        (lambda x: np.sum((x * np.ones(2)).astype(object) * x), 6.0),
        (lambda x: np.asarray(x) * 1.0, 1.0),
        (lambda x: np.ones(2).dot(x * np.ones(2)), 2.0),
        (lambda x: np.ones((2, 2)) @ (x * np.ones(2)) @ np.ones(2), 4.0),
        (lambda x: np.array([x, 1.0]) @ np.array([1.0, x]), 2.0),
        (lambda x: operator.mul(x, x), 3.0),
        (lambda x: np.polynomial.Polynomial([x, 1.0])(2.0), 1.0),
        (lambda x: (x * np.ones(3)).tolist()[1], 1.0),
        (lambda x: next(iter(x * np.ones(3))), 1.0),
    ],
)
def test_what_keeps_the_derivative_passes(f, want):
    for mode in ("forward", "reverse"):
        got = grad(f, mode=mode)(X)
        assert got == pytest.approx(want, rel=1e-15)


def test_shape_from_a_traced_integer_is_an_integer():
    def f(x):
        n = (x > 1.0).astype(int) + 2 if hasattr(x > 1.0, "astype") else 3
        return (anp.zeros(n) + x).sum()

    assert grad(f)(X) == 3.0


def test_what_matplotlib_computes_may_be_drawn_and_not_used():
    axes = Figure().subplots()

    def drawn(x):
        axes.hist(x)
        axes.psd(x, NFFT=4)
        (line,) = axes.plot(x, label="%.2f" % x[0])  # noqa: UP031
        return x.sum()

    x = np.array([0.1, 0.5, 0.3, 0.9])
    np.testing.assert_array_equal(grad(drawn)(x), np.ones(4))
    for computed in (
        lambda x: axes.hist(x)[1].sum() + x.sum(),
        lambda x: axes.psd(x, NFFT=4)[0].sum() + x.sum(),
        lambda x: mlab.psd(x, 4)[0].sum() + x.sum(),
    ):
        with pytest.raises(AdkitError, match="Fix: "):
            grad(computed)(x)
