"""The completeness table (`adkit.numpy.census`) tells the truth: every name has a home, and is what the table says.

Each implemented name is called with traced arguments, through NumPy where that dispatches and through `adkit.numpy`,
and its derivative in both modes is compared with differences; each constant one gives NumPy's value; each refused one
raises its reason.
"""

from __future__ import annotations

import importlib
import inspect
import io
import math
import pathlib
import re
import types
import warnings

import numpy
import pytest

import adkit
import adkit.numpy
from adkit.check import check_grads
from adkit.errors import UnsupportedError
from adkit.handle import TracedArray, is_traced
from adkit.numpy.census import CONSTANT, REFUSED, REFUSED_MODULES, census, homeless, markdown
from adkit.tracing import make_input, recording

V = numpy.array([0.7, -1.3, 2.1, 0.4])
S = numpy.array([[2.0, 0.3, -0.1], [0.3, 1.7, 0.2], [-0.1, 0.2, 2.4]])
OPERANDS = {
    "v": V,
    "u": numpy.array([0.3, 0.9, 0.15, 0.45]),
    "w": numpy.array([1.5, 0.25, -0.6, 0.8]),
    "g": numpy.array([1.5, 2.25, 1.1, 4.0]),
    "m": numpy.array([[0.5, 1.5, -0.7], [2.0, -1.1, 0.3]]),
    "s": S,
    "q": S + numpy.array([[0.0, 0.4, 0.0], [0.0, 0.0, 0.1], [0.2, 0.0, 0.0]]),
    "t": numpy.arange(24.0).reshape(2, 3, 4) / 10 + 0.05,
    "c": numpy.array([0.5 + 1j, -1.2 + 0.3j, 0.8 - 0.9j]),
    "x": 0.6,
    "n": numpy.array([1.0, numpy.nan, 3.0, 0.2]),
    "i": numpy.array([3, 0, 2, 2]),
    "j": numpy.array([1, 5, 2, 6]),
    "p": numpy.array([True, False, True, True]),
    "b": numpy.array([3, 250], dtype=numpy.uint8),
}

# ------------------------------------------------------------------------------------------------ implemented

# "name(arguments)", or "name = expression or statements; expression"; `np` is either namespace
IMPLEMENTED = """
amax(m) | amin(m, 1) | angle(c) | append(v, x) | apply_along_axis(lambda r: np.sum(r * r), 1, m)
apply_over_axes(np.sum, t, [0, 2]) | array = np.array([x, x * x]) | asarray = np.asarray([x, x * x])
asanyarray = np.asanyarray([x, x * x]) | ascontiguousarray(m.T) | asfortranarray(m) | asarray_chkfinite(v)
array_split(v, 3) | astype(v, complex) | atleast_1d(x) | atleast_2d(v) | atleast_3d(m) | average(v, weights=g)
arange = np.arange(x, x + 2.5) | bincount(numpy.array([3, 0, 2, 2]), v) | block([[m], [m * 2]]) | broadcast_arrays(v[:3], m)
broadcast_to(v, (2, 4)) | choose(numpy.array([0, 1, 0, 1]), [v, v * v]) | clip(v, -x, 1.0) | column_stack([v, v * v])
compress([1, 0, 1, 1], v) | concat([v, v * v]) | concatenate([v, v * v]) | convolve(v, w) | copy(v)
copyto = a = np.zeros(4); np.copyto(a, v * v); a | corrcoef(m) | correlate(v, w, "full") | cov(m) | cross(v[:3], w[:3])
cumprod(v) | cumsum(m, 1) | cumulative_prod(v) | cumulative_sum(v) | delete(v, 1) | diag(v) | diagflat(m) | diagonal(s)
diff(v) | dot(q, m.T) | dsplit(t, 2) | dstack([m, m * 2]) | ediff1d(v) | einsum("kl,l,l->k", m, v[:3], v[:3])
expand_dims(v, 0) | extract(v > 0, v) | fill_diagonal = a = np.zeros((3, 3)) + s; np.fill_diagonal(a, x); a
flip(m) | fliplr(m) | flipud(m) | from_dlpack(v) | fromfunction = np.fromfunction(lambda k: x * k, (3,))
fromiter = np.fromiter([x, x * x], float) | full = np.full(3, x) | full_like = np.full_like(v * x, x)
geomspace = np.geomspace(x, 3.0, 4) | gradient(v) | histogram = np.histogram([0.1, 0.7, 0.8, 1.4], 3, weights=v)[0]
histogram_bin_edges(v, 3) | histogram2d = np.histogram2d([0.1, 0.7, 0.8, 1.4], [1.0, 2.0, 3.0, 3.5], 2, weights=v)[0]
histogramdd = np.histogramdd(numpy.array([[0.1, 1.0], [0.7, 2.0], [0.8, 3.0], [1.4, 3.5]]), 2, weights=v)[0] | heaviside([0.0, 1.0], v[:2])
hsplit(v, 2) | hstack([v, x]) | i0(v) | imag(c) | inner(m, q) | insert(v, 1, x) | interp(u, [0.0, 0.5, 1.0], v[:3])
intersect1d(v, v[:2]) | kaiser = np.kaiser(5, x) | kron(m, v) | linspace = np.linspace(x, 2.0, 4)
logspace = np.logspace(x, 1.0, 3) | matrix_transpose(m) | max(m) | mean(m, 0) | median(m, 1) | meshgrid(v, w) | min(m)
moveaxis(t, 0, -1) | nan_to_num = np.nan_to_num(numpy.array([1.0, numpy.nan]) * x, nan=x) | nancumprod(v) | nancumsum(v)
nanmax(v) | nanmean(v) | nanmedian(v) | nanmin(v) | nanpercentile(v, 40) | nanprod(v) | nanquantile(v, 0.3) | nanstd(v)
nansum(v) | nanvar(v) | outer(v, w) | pad(v, 2, "linear_ramp") | partition(v, 2) | percentile(v, 40)
permute_dims(t, (2, 0, 1)) | piecewise(v, [v < 0, v >= 0], [lambda y: y * y, lambda y: 3 * y])
place = a = np.zeros(4); np.place(a, [True, False, True, False], v[:2]); a | poly(v[:3]) | polyadd(v, w) | polyder(v)
polydiv(v, w[:2]) | polyfit = np.polyfit(u, v, 2) | polyint(v) | polymul(v, w) | polysub(v, w[:2]) | polyval(v, x)
prod(v) | ptp(m, 1) | put = a = np.zeros(4); np.put(a, [1, 3], v[:2]); a
put_along_axis = a = np.zeros((2, 3)) + m; np.put_along_axis(a, numpy.array([[0], [1]]), m[:, :1] ** 2, 1); a
putmask = a = np.zeros(4); np.putmask(a, [True, False, True, False], v); a | quantile(v, 0.3) | ravel(m) | real(c)
real_if_close(v) | repeat(v, 2) | require(v, float, ["C", "W"]) | reshape(m, (3, 2)) | resize(v, (2, 3)) | roll(v, 1)
rollaxis(t, 2) | roots(g[:3]) | rot90(m) | row_stack([v, v * v]) | select([v < 0, v > 1], [v * 2, v ** 2], 1.0) | setdiff1d(v, v[:2])
setxor1d(v, v[1:]) | sinc(v) | sort(v) | sort_complex(c) | split(v, 2) | squeeze(v[None]) | stack([v, v * v]) | std(m)
sum(m) | swapaxes(t, 0, 1) | take(v, [0, 0, 3]) | take_along_axis(m, numpy.array([[0], [1]]), 1) | tensordot(t, m, ([1], [1]))
tile(v, 2) | trace(s) | transpose(m) | trapezoid(v, w) | trapz(v, w) | tril(s) | trim_zeros = np.trim_zeros(np.pad(v, 2)) | triu(s) | union1d(v, w * 10)
unique = np.unique(np.concatenate([v, v])) | unique_all = np.unique_all(np.concatenate([v, v])).values
unique_counts = np.unique_counts(np.concatenate([v, v])).values
unique_inverse = np.unique_inverse(np.concatenate([v, v])).values
unique_values = np.sort(np.unique_values(np.concatenate([v, v]))) | unstack(m) | unwrap(v * 4) | vander(v, 3) | var(m, 0) | vdot(c, c * 2)
vsplit(m, 2) | vstack([v, v * v]) | where(v > 0, v, x)
r_ = np.r_[v, x] | c_ = np.c_[v, v * v] | mgrid = np.mgrid[x:2.0:4j] | ogrid = np.ogrid[x:2.0:4j] | vectorize = np.vectorize(lambda y, z: y * z)(v, w)
ndenumerate = sum(a * (1 + k[0]) for k, a in np.ndenumerate(v)) | broadcast = sum(y * z for y, z in np.broadcast(v, w))
poly1d = np.poly1d(v)(x) | frompyfunc = np.frompyfunc(lambda y, z: y * z, 2, 1)(v, w).astype(float)
linalg.cholesky(s) | linalg.cond(q) | linalg.cross(v[:3], w[:3]) | linalg.det(q) | linalg.diagonal(s)
linalg.eig = np.abs(np.linalg.eig(q)[0]) | linalg.eigh = np.linalg.eigh(s)[0] | linalg.eigvals = np.abs(np.linalg.eigvals(q))
linalg.eigvalsh(s) | linalg.inv(q) | linalg.lstsq = np.linalg.lstsq(m.T, v[:3], rcond=None)[0] | linalg.matmul(m, q)
linalg.matrix_norm(m) | linalg.matrix_power(q, 3) | linalg.matrix_transpose(m) | linalg.multi_dot([m, q, m.T])
linalg.norm(m) | linalg.outer(v, w) | linalg.pinv(m) | linalg.qr(q) | linalg.slogdet = np.linalg.slogdet(q)[1]
linalg.solve(q, v[:3]) | linalg.svd = np.linalg.svd(m)[1] | linalg.svdvals(m) | linalg.tensordot(m, q, axes=1)
linalg.tensorinv = np.linalg.tensorinv(np.reshape(np.diag(g) + 0.1, (4, 2, 2)), 1) | linalg.tensorsolve(q, v[:3])
linalg.trace(s) | linalg.vecdot(m, m) | linalg.vector_norm(m)
fft.fft(v) | fft.fft2(m) | fft.fftn(t) | fft.fftshift(v) | fft.hfft(c) | fft.ifft(c) | fft.ifft2(m) | fft.ifftn(m)
fft.ifftshift(v) | fft.ihfft(v) | fft.irfft(c) | fft.irfft2(m) | fft.irfftn(m) | fft.rfft(v) | fft.rfft2(m) | fft.rfftn(t)
matmul(m, q) | vecdot(m, m) | matvec(q, v[:3]) | vecmat(v[:3], q) | divmod = np.divmod(v, x)[1] | modf(v) | frexp = np.frexp(v)[0]
ldexp(v, 3) | arccosh(g) | acosh(g) | arcsin(u) | asin(u) | arccos(u) | acos(u) | arctanh(u) | atanh(u) | log(g) | log2(g)
log10(g) | log1p(u) | sqrt(g) | power(g, v) | pow(g, v) | float_power(g, v) | reciprocal(g) | conjugate(c) | conj(c) | sign(c)
lib.scimath.sqrt = np.emath.sqrt(np.append(g, -x)) | lib.scimath.log = np.emath.log(np.append(g, -x))
lib.scimath.log2 = np.emath.log2(np.append(g, -x)) | lib.scimath.log10 = np.emath.log10(np.append(g, -x))
lib.scimath.logn = np.emath.logn(2, np.append(g, -x)) | lib.scimath.power = np.emath.power(np.append(g, -x), 1.5)
lib.scimath.arccos = np.emath.arccos(g) | lib.scimath.arcsin = np.emath.arcsin(g) | lib.scimath.arctanh = np.emath.arctanh(g)
lib.stride_tricks.sliding_window_view = np.lib.stride_tricks.sliding_window_view(v, 2)
polynomial.polynomial.polyval2d = np.polynomial.polynomial.polyval2d(x, x * x, m)
polynomial.polynomial.polygrid2d = np.polynomial.polynomial.polygrid2d(v, w, m)
"""

# ------------------------------------------------------------------------------------------------ constant

CONSTANT_CALLS = """
all(v > 0) | allclose(v, v) | any(v > 0) | argmax(v) | argmin(m, 1) | argpartition(v, 2) | argsort(v) | argwhere(v > 0)
array_equal(v, v) | array_equiv(v, m) | count_nonzero(v) | digitize(v, [0.0, 1.0]) | flatnonzero(v > 0)
isclose(v, w) | iscomplex(c) | isin(i, j) | isneginf(v) | isposinf(v) | isreal(c) | lexsort((v, w)) | nanargmax(n) | nanargmin(n)
nonzero(v > 0) | ravel_multi_index((i, j), (4, 7)) | searchsorted(u, v) | unravel_index(j, (2, 4)) | linalg.matrix_rank(m)
in1d(i, j)
around(v, 1) | fix(v) | round(v) | can_cast(v.dtype, "f4") | common_type(v, c)
einsum_path("ij,jk,kl->il", m, s, q) | iscomplexobj(c) | isrealobj(c) | isscalar(3.0) | iterable(v)
may_share_memory(v, v) | min_scalar_type(v) | ndim(m) | result_type(v, c) | shape(m) | shares_memory(v, v) | size(m)
typename("d") | mintypecode("fd") | promote_types("f4", "f8") | issubdtype("f4", float) | isdtype = np.isdtype(v.dtype, "real floating")
isfortran = np.isfortran(m.T) | broadcast_shapes((2, 1), (3,))
gcd(i, j) | lcm(i, j) | bitwise_count(i) | packbits(p) | unpackbits(b)
array2string(v) | array_repr(v) | array_str(v) | base_repr(5) | binary_repr(5) | format_float_positional(2.5) | format_float_scientific(2.5)
diag_indices(3) | diag_indices_from(s) | indices((2, 3)) | ix_(i, j) | mask_indices(3, numpy.triu) | tril_indices(3) | tril_indices_from(s)
triu_indices(3) | triu_indices_from(s) | bartlett(4) | blackman(4) | hamming(4) | hanning(4) | eye(3) | identity(3) | tri(3)
fft.fftfreq(5) | fft.rfftfreq(5) | empty = np.empty(3) * 0 | empty_like = np.empty_like(v) * 0 | ones(3) | ones_like(v) | zeros(3) | zeros_like(v)
frombuffer(b"12345678", "u1") | fromstring("1 2", sep=" ") | fromregex = np.fromregex(io.StringIO("1 2"), "([0-9]+)", [("n", int)])["n"]
genfromtxt = np.genfromtxt(io.StringIO("1 2")) | loadtxt = np.loadtxt(io.StringIO("1 2")) | load = np.load(saved()) | fromfile = np.fromfile(path(), "u1")
busday_count("2024-01-01", "2024-02-01") | busday_offset("2024-01-01", 3) | is_busday("2024-01-01") | isnat(numpy.datetime64("NaT"))
datetime_as_string(numpy.datetime64("2024-01-01")) | datetime_data(numpy.dtype("M8[D]"))
get_include() | get_printoptions() | getbufsize() | geterr() | geterrcall() | info = np.info(np.sin, output=io.StringIO())
printoptions = type(np.printoptions()) | set_printoptions() | setbufsize(8192) | seterr() | seterrcall(None) | show_config("dicts")
show_runtime = callable(np.show_runtime) | test = callable(np.test) | linalg.test = callable(np.linalg.test) | fft.test = callable(np.fft.test)
s_ = np.s_[1:2] | index_exp = np.index_exp[1:2] | ndindex = list(np.ndindex(2)) | errstate = type(np.errstate())
equal(v, w) | not_equal(v, w) | less(v, w) | less_equal(v, w) | greater(v, w) | greater_equal(v, w) | logical_and(v, w) | logical_or(v, w)
logical_xor(v, w) | logical_not(v) | isfinite(n) | isinf(n) | isnan(n) | signbit(v) | ceil(v) | floor(v) | trunc(v) | rint(v)
spacing(v) | floor_divide(v, w) | bitwise_and(i, j) | bitwise_or(i, j) | bitwise_xor(i, j) | invert(i)
bitwise_not(i) | bitwise_invert(i) | left_shift(i, j) | bitwise_left_shift(i, j) | right_shift(i, j) | bitwise_right_shift(i, j)
"""

# a call of each refused name; those of a module that is refused as a whole are called with one traced argument
REFUSED_CALLS = """
save("f", v) | savez("f", v) | savez_compressed("f", v) | savetxt("f", v) | matrix(m) | asmatrix(m) | bmat([[m]])
nditer(v) | nested_iters([v, w], [[0], []]) | memmap("f", float, "w+", 0, v)
"""


def table(text):
    """Name (without "numpy.") -> statements, the last of which is an expression."""
    made = {}
    for item in (part.strip() for line in text.strip().splitlines() for part in line.split(" | ")):
        name, assigned, expression = item.partition(" = ")
        if not assigned or "(" in name:
            name, expression = item.partition("(")[0], f"np.{item}"
        made[name] = expression
    return made


EXAMPLES, CONSTANT_EXAMPLES, REFUSED_EXAMPLES = table(IMPLEMENTED), table(CONSTANT_CALLS), table(REFUSED_CALLS)


def short(entry):
    return entry.name.removeprefix("numpy.")


def of_kind(kind):
    return [pytest.param(entry, id=short(entry)) for entry in census() if entry.kind == kind]


def example_of(entry):
    """The call of an implemented name; that of an elementwise ufunc needs no line in the table."""
    name = short(entry)
    ufunc = getattr(numpy, name, None)
    if name not in EXAMPLES and isinstance(ufunc, numpy.ufunc) and ufunc.signature is None and ufunc.nout == 1:
        return f"np.{name}({'v, w'[: 4 * ufunc.nin - 3]})"
    return EXAMPLES[name]


def function_of(statements, np, extra=()):
    *before, last = statements.split("; ")
    body = compile("\n".join([*before, f"result = {last}"]), "<example>", "exec")
    names = [name for name in OPERANDS if name in body.co_names or re.search(rf"\b{name}\b", statements)]

    def f(*values):
        space = {"np": np, "numpy": numpy, **dict(extra), **dict(zip(names, values, strict=True))}
        exec(body, space)
        return space["result"]

    return f, [OPERANDS[name] for name in names]


# ------------------------------------------------------------------------------------------------ every name


def test_every_name_has_a_home():
    assert homeless() == [], "new in NumPy, or lost: implement it, or enter it into adkit/numpy/census.py"


def test_every_submodule_is_known():
    known = set(
        "char core ctypeslib dtypes emath exceptions f2py fft lib linalg ma matrixlib polynomial random rec".split()
    )
    known |= set("strings testing typing distutils".split())
    found = {n for n in dir(numpy) if n[0] != "_" and isinstance(vars(numpy).get(n), types.ModuleType)}
    assert found <= known


def test_the_tables_name_only_what_is_there_or_was():
    """A name of a table that this NumPy lacks belongs to another release; one that no release has is a slip."""
    gone_or_new = {f"polynomial.polynomial.{name}" for name in ("polyval2d", "polygrid2d")}
    gone_or_new |= {"in1d", "row_stack", "trapz", "unstack", "cumulative_sum", "cumulative_prod", "matvec", "vecmat"}
    names = {short(entry) for entry in census()} | gone_or_new
    listed = {name for group in CONSTANT.values() for name in group.split()}
    for name in (*listed, *EXAMPLES, *CONSTANT_EXAMPLES, *REFUSED_EXAMPLES):
        assert name in names, name


def test_what_is_refused_is_little_and_says_why():
    refused = [entry for entry in census() if entry.kind == "refused"]
    single = [entry for entry in refused if entry.name in REFUSED]
    assert len(single) <= 12
    assert all(entry.note for entry in refused)
    assert all(refusal.fix for refusal in (*REFUSED.values(), *REFUSED_MODULES.values()))


# ------------------------------------------------------------------------------------------------ what it says is true


@pytest.mark.parametrize("entry", of_kind("implemented"))
def test_implemented(entry):
    assert short(entry) in EXAMPLES or isinstance(getattr(numpy, short(entry), None), numpy.ufunc), "needs an example"
    statements = example_of(entry)
    f, args = function_of(statements, numpy)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = leaves(f(*args))
        for np in (numpy, adkit.numpy) if entry.dispatches else (adkit.numpy,):
            if np is numpy and "np.zeros" in statements:
                continue  # writes into an array that it makes
            g, _ = function_of(statements, np)
            same(leaves(adkit.vjp(g, *args)[0]), expected)
            report = check_grads(g, tuple(args), order=1)
            assert report.verdict in ("agree", "flat")
            assert any(row.verdict == "agree" for row in report.rows)


def leaves(made):
    return [leaf for part in made for leaf in leaves(part)] if isinstance(made, (tuple, list)) else [made]


def same(made, expected):
    assert len(made) == len(expected)
    for ours, theirs in zip(made, expected, strict=True):
        ours = ours.value if isinstance(ours, TracedArray) else ours
        if isinstance(theirs, numpy.ndarray) and theirs.dtype == object:
            theirs = theirs.astype(float)
        if isinstance(theirs, (numpy.ndarray, numpy.generic)) and theirs.dtype.kind in "fc":
            assert numpy.asarray(ours).dtype == theirs.dtype
            numpy.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-13)
        elif isinstance(theirs, float) and not math.isnan(theirs):
            assert float(ours) == pytest.approx(theirs, rel=1e-12)
        else:
            numpy.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("entry", of_kind("constant"))
def test_constant(entry, tmp_path):
    name = short(entry)
    member = getattr(numpy, name, None)
    if name not in CONSTANT_EXAMPLES:
        if entry.name == "numpy.linalg.LinAlgError":
            assert adkit.numpy.linalg.LinAlgError is numpy.linalg.LinAlgError
            return
        assert not callable(member) or isinstance(member, type), "needs an example"
        assert getattr(adkit.numpy, name) is member
        return
    extra = files(tmp_path)
    f, args = function_of(CONSTANT_EXAMPLES[name], numpy, extra)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = leaves(f(*args))
        for np in (numpy, adkit.numpy) if entry.dispatches else (adkit.numpy,):
            g, _ = function_of(CONSTANT_EXAMPLES[name], np, extra)
            with recording():
                handles = [make_input(a) if isinstance(a, numpy.ndarray) else a for a in args]
                same(leaves(g(*handles)), expected)
            made = leaves(g(*[make_input(a) if isinstance(a, numpy.ndarray) else a for a in args]))
            assert not any(map(is_traced, made))
            same(made, expected)


def files(folder):
    file = folder / "array.npy"
    numpy.save(file, numpy.arange(3.0))
    return {"io": io, "saved": lambda: file, "path": lambda: file}


@pytest.mark.parametrize("entry", of_kind("refused"))
def test_refused(entry):
    name = short(entry)
    if name in REFUSED_EXAMPLES:
        statements = REFUSED_EXAMPLES[name]
    else:
        statements = f"np.{name}({', '.join('v' * required(name))})"
    np = adkit.numpy if name in REFUSED_EXAMPLES else numpy
    f, args = function_of(statements, np)
    with pytest.raises(UnsupportedError, match=re.escape(entry.note)) as caught:
        adkit.vjp(f, *args)
    assert "Fix: " in str(caught.value)
    assert caught.value.line is not None


# ------------------------------------------------------------------------------------------------ the document


def required(name):
    """How many arguments a function of a refused module needs."""
    module, _, last = name.rpartition(".")
    function = getattr(importlib.import_module(f"numpy.{module}"), last)
    if isinstance(function, numpy.ufunc):
        return function.nin
    parameters = inspect.signature(function).parameters.values()
    return sum(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)


def rows_of(text):
    """Name -> row of a document, and the NumPy that made it."""
    version = re.search(r"with NumPy (\d+)\.(\d+)", text)
    module, found = "", {}
    for line in text.splitlines():
        if line.startswith("## "):
            module = line[3:]
        elif line.startswith("| `"):
            found[f"{module}.{line.split('`')[1]}"] = line
    return found, tuple(map(int, version.groups()))


def test_the_document_is_up_to_date():
    """With another NumPy than the one that made it, names that only one of the two has are left out."""
    path = pathlib.Path(__file__).parents[2] / "docs" / "numpy-coverage.md"
    written, version = rows_of(path.read_text(encoding="utf-8"))
    today, here = rows_of(markdown())
    hint = "run: python -m adkit.numpy.census > docs/numpy-coverage.md"
    assert {name: written.get(name) for name in today.keys() & written.keys()} == {
        name: today[name] for name in today.keys() & written.keys()
    }, hint
    if here == version:
        assert path.read_text(encoding="utf-8") == markdown(), hint
