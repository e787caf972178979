"""How each row of the table of primitives is written in NumPy and SciPy: rows by name, with their parameters.

A row that has no spelling is an `EmitError` that names it; `REFUSED` says why. Not for: names and statements
(`source`).
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from ..dtypes import numpy_dtype
from ..errors import UnsupportedError
from ..nodes import Node
from ..primitive import REGISTRY, Elementwise
from ..primitives.special.row import WRONG_IN_SINGLE, Component, Kernel, Special
from ..source import span_of
from . import prelude

__adkit__ = True


class EmitError(UnsupportedError):
    """The trace has an operation that cannot be written as a standalone NumPy program."""


Constant = Callable[[Any], ast.expr]

# `_0`, `_1` are the operands, `_all` the list of them; other names are parameters. None and False are left out.
TEMPLATES = {
    "reshape": "np.reshape(_0, shape)",
    "transpose": "np.transpose(_0, axes)",
    "broadcast_to": "np.broadcast_to(_0, shape)",
    "concatenate": "np.concatenate(_all, axis=axis)",
    "stack": "np.stack(_all, axis=axis)",
    "conjugate": "np.conj(_0)",
    "flip": "np.flip(_0, axis=axis)",
    "roll": "np.roll(_0, shift, axis=axis)",
    "pad": "np.pad(_0, widths)",
    "getitem": "_0[index]",
    "index_update": "updated(_0, np.s_[index], _1)",
    "index_add": "increased(_0, np.s_[index], _1)",
    "take": "np.take(_0, _1)",
    "scatter_add": "scatter_add(_0, _1, shape)",
    "normalize_index": "normalize_index(_0, size)",
    **{
        name: f"np.{name}(_0, axis=axis, keepdims=keepdims)"
        for name in ("sum", "mean", "prod", "max", "min", "any", "all", "count_nonzero", "argmax", "argmin")
    },
    "cumsum": "np.cumsum(_0, axis=axis)",
    "cumprod": "np.cumprod(_0, axis=axis)",
    "log_softmax": "special.log_softmax(_0, axis=axis)",
    "round": "np.round(_0, decimals)",
    "exponent": "np.frexp(_0)[1]",
    "gcd": "np.gcd(_0, _1)",
    "lcm": "np.lcm(_0, _1)",
    "bitwise_count": "np.bitwise_count(_0)",
    "direction": "np.sign(_0)",
    "matmul": "_0 @ _1",
    "tensordot": "np.tensordot(_0, _1, axes=axes)",
    "einsum": "np.einsum(subscripts, _rest)",
    "convolve": "np.convolve(_0, _1)",
    "solve": "np.linalg.solve(_0, _1)",
    "inv": "np.linalg.inv(_0)",
    "det": "np.linalg.det(_0)",
    "slogdet": "np.linalg.slogdet(_0)",
    "cofactor": "cofactor(_0, _1)",
    "inverse_or_infinite": "inverse_or_infinite(_0)",
    "cholesky": "np.linalg.cholesky(_0)",
    "eig": "np.linalg.eig(_0)",
    "eigh": "np.linalg.eigh(_0)",
    "svd": "np.linalg.svd(_0, full_matrices=_full, hermitian=hermitian)",
    "qr": 'np.linalg.qr(_0, mode="reduced")',
    "pinv": "np.linalg.pinv(_0, rtol=rtol)",
    "lstsq": "pseudo_inverse_solve(_0, _1, rcond)",
    "matrix_rank": "np.linalg.matrix_rank(_0, tol=tol, rtol=rtol, hermitian=hermitian)",
    "expm": "linalg.expm(_0)",
    "expm_frechet": "expm_frechet(_0, _1)",
    "roots": "np.roots(_0)",
    "sort": "np.sort(_0, axis=axis)",
    "argsort": "np.argsort(_0, axis=axis)",
    "argpartition": "np.argpartition(_0, kth, axis=axis)",
    "lexsort": "np.lexsort(_all, axis=axis)",
    "searchsorted": "np.searchsorted(_0, _1, side=side)",
    "fft": "np.fft.fftn(_0, s=n, axes=axes, norm=norm)",
    "ifft": "np.fft.ifftn(_0, s=n, axes=axes, norm=norm)",
    "rfft": "np.fft.rfft(_0, n=n, axis=axis, norm=norm)",
    "irfft": "np.fft.irfft(_0, n=n, axis=axis, norm=norm)",
    "dct": "fft.dct(_0, type=type, n=n, axis=axis, norm=norm, orthogonalize=orthogonalize)",
    "dst": "fft.dst(_0, type=type, n=n, axis=axis, norm=norm, orthogonalize=orthogonalize)",
    "fht": "fft.fht(_0, dln=dln, mu=mu, offset=offset, bias=bias)",
    "ifht": "fft.ifht(_0, dln=dln, mu=mu, offset=offset, bias=bias)",
    "triangle": "np.tril(_0, k=k)",
    "hermitian_from": "hermitian_from(_0, lower=_lower, hermitian=_hermitian)",
    "fold": "fold(_0, lower=_lower, hermitian=_hermitian)",
    "solve_triangular": "solve_triangular(_0, _1, lower=_lower, unit=unit)",
    "lu_factor": "linalg.lu_factor(_0, check_finite=False)",
    "permute_rows": "permute_rows(_0, _1, inverse=inverse)",
    "unpivoted_lu": "unpivoted_lu(_0)",
    "column_pivots": 'linalg.qr(_0, mode="r", pivoting=True)[-1]',
    "gammasgn": "special.gammasgn(_0)",
    "round_half_even": "special.round(_0)",
    "component": "_0[index]",
}
CASTS = ("convert", "truncate")
ALIASES = ("input", "copy", "stop_gradient", "constant_in", "to_device", "positive")  # the value of their operand

_BODY = "what happens inside of it is not written out"
_CHECKS = "only the body of a loop or branch has one"
_WITH_BODIES = ("checkpoint", "scan", "fori_loop", "while_loop", "cond", "pullback_of_body", "pushforward_of_body")
REFUSED = {
    **dict.fromkeys(_WITH_BODIES, _BODY),
    "body_input": _CHECKS,
    "as_pivots": "NumPy and SciPy have no function for it",
}
NO_FUNCTION = "SciPy has no function for it"


def refusal(name: str) -> str | None:
    """Why a row cannot be written, or `None` where it can.

    Example
    -------
    >>> refusal("sin"), refusal("cond")
    (None, 'what happens inside of it is not written out')
    """
    row = REGISTRY[name]
    if name in REFUSED:
        return REFUSED[name]
    if name in TEMPLATES or name in CASTS or name in ALIASES:
        return None
    if isinstance(row, Special):
        return None if _special_name(row) else NO_FUNCTION
    return None if isinstance(row, Elementwise) else "it has no spelling"


def expression(node: Node, operands: Sequence[ast.expr], constant: Constant) -> ast.expr:
    """The right-hand side of a node; `constant` writes arrays among its parameters.

    Raises `EmitError` for a row that cannot be written.
    """
    row, params = node.primitive, dict(node.params or {})
    reason = refusal(row.name)
    if reason is None:
        reason = _unusual(node, params)
    if reason is not None:
        raise error(node, reason)
    if isinstance(row, Elementwise):
        return _elementwise(row, operands)
    if row.name in CASTS:
        return _cast(node, operands[0])
    return _filled(_template(node, params), operands, _adjusted(row.name, node, params), constant)


def error(node: Node, reason: str) -> EmitError:
    """The error for a node that cannot be written, at the user's line."""
    span = span_of(node.code, node.lasti & ~1)
    fix = "differentiate with adkit there, or leave the operation out of the traced function"
    if "body" in (node.params or {}):
        fix = "write it as a plain Python loop or if, or without checkpoint, and its steps are written out"
    return EmitError(
        f"the operation {node.primitive.name} cannot be written as NumPy source: {reason}",
        fix=fix,
        filename=span.filename if span else None,
        line=span.line if span else None,
    )


def _unusual(node: Node, params: dict[str, Any]) -> str | None:
    name = node.primitive.name
    if name == "cofactor" and len(node.inputs) > 2:
        return "its higher derivatives have no spelling"
    if name == "eigh" and params.get("driver") is not None:
        return "driver= has no spelling"
    if isinstance(node.primitive, Special) and node.primitive.function.startswith(WRONG_IN_SINGLE):
        if numpy_dtype(node) == numpy.float32:
            return "SciPy's function is wrong in single precision"
    return None


# ------------------------------------------------------------------------------------------------ elementwise rows


def _special_name(row: Special) -> str | None:
    """The public name in `scipy.special`."""
    import scipy.special

    if row.name == "polygamma":
        return "polygamma"
    if isinstance(row, Kernel):
        return None
    name = row.function.lstrip("_")
    return name if hasattr(scipy.special, name) else None


@functools.cache
def _forward(row: Elementwise) -> ast.expr:
    """The forward expression with its functions spelled out; operands keep their letters."""
    if row.name == "square":
        return _parsed("x ** 2")
    made: ast.expr = _Qualified(set(row.operands)).visit(_parsed(row.forward))
    return made


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


class _Qualified(ast.NodeTransformer):
    """Functions by their full names."""

    def __init__(self, operands: set[str]) -> None:
        self.operands = operands

    def visit_Call(self, tree: ast.Call) -> ast.expr:
        assert isinstance(tree.func, ast.Name)
        args = [self.visit(a) for a in tree.args]
        row = REGISTRY.get(tree.func.id)
        if isinstance(row, Special):
            made = ast.Call(_parsed(f"special.{_special_name(row)}"), args, [])
            return ast.Subscript(made, ast.Constant(row.index)) if isinstance(row, Component) else made
        name = {"absolute": "abs"}.get(tree.func.id, tree.func.id)
        return ast.Call(_parsed(f"np.{name}"), args, [])


def uses(node: Node) -> list[int]:
    """How often each operand occurs in the spelling of a node."""
    row = node.primitive
    if not isinstance(row, Elementwise) or refusal(row.name):
        return [1] * len(node.inputs)
    return _uses(row)


@functools.cache
def _uses(row: Elementwise) -> list[int]:
    found = [tree.id for tree in ast.walk(_forward(row)) if isinstance(tree, ast.Name)]
    return [found.count(letter) for letter in row.operands]


class _Filler(ast.NodeTransformer):
    def __init__(self, values: dict[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, tree: ast.Name) -> ast.expr:
        return self.values.get(tree.id, tree)


def _elementwise(row: Elementwise, operands: Sequence[ast.expr]) -> ast.expr:
    return _copied(_forward(row), dict(zip(row.operands, operands, strict=True)))


def _copied(tree: Any, values: dict[str, ast.expr]) -> Any:
    """A copy of an expression with its operands filled in; `copy.deepcopy` took a third of a long program's time."""
    if isinstance(tree, ast.Name):
        return values.get(tree.id, tree)
    if isinstance(tree, ast.AST):
        return type(tree)(*[_copied(getattr(tree, name, None), values) for name in tree._fields])
    return [_copied(part, values) for part in tree] if isinstance(tree, list) else tree


# ------------------------------------------------------------------------------------------------ other rows


def _template(node: Node, params: dict[str, Any]) -> str:
    """The template of a row, where that depends on its parameters as well."""
    name = node.primitive.name
    special = _BY_PARAMETERS.get(name)
    return (special(node, params) if special else None) or TEMPLATES[name]


def _transposed(node: Node, params: dict[str, Any]) -> str | None:
    return "_0.T" if tuple(params["axes"]) == tuple(reversed(range(node.ndim))) else None


def _is_complex(node: Node) -> bool:
    return numpy_dtype(node.inputs[0]).kind == "c"


def _transform(name: str) -> Any:
    options = "type=type, n=n, axis=axis, norm=norm, orthogonalize=orthogonalize"
    if name.endswith("fht"):
        options = "dln=dln, mu=mu, offset=offset, bias=bias"
    return lambda node, params: f"by_parts(fft.{name}, _0, {options})" if _is_complex(node) else None


def _one_axis(name: str) -> Any:
    return lambda node, params: f"np.fft.{name}(_0, n=n, axis=axes, norm=norm)" if len(params["axes"]) == 1 else None


def _eigh(node: Node, params: dict[str, Any]) -> str | None:
    return None if params.get("lower", True) else 'np.linalg.eigh(_0, "U")'


def _cholesky(node: Node, params: dict[str, Any]) -> str | None:
    if params.get("lower", True):
        return None
    turned = "np.conj(np.swapaxes({}, -1, -2))"
    return turned.format(f"np.linalg.cholesky({turned.format('_0')})")


_BY_PARAMETERS: dict[str, Callable[[Node, dict[str, Any]], str | None]] = {
    "transpose": _transposed,
    "fft": _one_axis("fft"),
    "ifft": _one_axis("ifft"),
    **{name: _transform(name) for name in ("dct", "dst", "fht", "ifht")},
    "eigh": _eigh,
    "cholesky": _cholesky,
    "triangle": lambda node, params: None if params["lower"] else "np.triu(_0, k=k)",
    "qr": lambda node, params: 'np.linalg.qr(_0, mode="complete")' if params.get("complete") else None,
    "direction": lambda node, params: "np.conj(np.sign(_0))" if _is_complex(node) else None,
    "argsort": lambda node, p: 'np.argsort(_0, axis=axis, kind="stable")' if p.get("stable") else None,
}
_REDUCTIONS = ("sum", "mean", "prod", "max", "min", "any", "all", "count_nonzero", "flip", "roll")


def _adjusted(name: str, node: Node, params: dict[str, Any]) -> dict[str, Any]:
    """Parameters as the templates name them."""
    made = {key: value for key, value in params.items() if value is not None and value is not False}
    axis = made.get("axis")
    if name in _REDUCTIONS and isinstance(axis, tuple):
        if name != "roll" and len(axis) == len(getattr(node.inputs[0], "shape", ())):
            del made["axis"]
        elif len(axis) == 1:
            made["axis"] = axis[0]
            if name == "roll":
                made["shift"] = made["shift"][0]
    if name in ("fft", "ifft") and len(params["axes"]) == 1:
        made["n"], made["axes"] = params["n"][0], params["axes"][0]
    if name in ("hermitian_from", "fold", "solve_triangular"):
        made["_lower"], made["_hermitian"] = bool(params.get("lower", True)), bool(params.get("hermitian", True))
    if name == "svd":
        made["_full"] = bool(params.get("full", False))
    if made.get("k") == 0:
        del made["k"]
    return made


def _filled(template: str, operands: Sequence[ast.expr], params: dict[str, Any], constant: Constant) -> ast.expr:
    values: dict[str, ast.expr] = {f"_{i}": operand for i, operand in enumerate(operands)}
    values["_all"] = ast.List(list(operands))
    values |= {key: literal(value, constant) for key, value in params.items()}
    tree = _parsed(template)
    if isinstance(tree, ast.Call):
        tree.keywords = [k for k in tree.keywords if not _is_absent(k.value, values)]
        if any(isinstance(a, ast.Name) and a.id == "_rest" for a in tree.args):
            tree.args = [*tree.args[:-1], *operands]
    return _Filler(values).visit(tree)


def _is_absent(tree: ast.expr, values: dict[str, ast.expr]) -> bool:
    return isinstance(tree, ast.Name) and tree.id not in values and tree.id not in ("np", "fft")


def literal(value: Any, constant: Constant) -> ast.expr:
    """A parameter as source."""
    if isinstance(value, tuple):
        return ast.Tuple([literal(part, constant) for part in value])
    if isinstance(value, list):
        return ast.List([literal(part, constant) for part in value])
    if isinstance(value, slice):
        return ast.Slice(*(None if p is None else literal(p, constant) for p in (value.start, value.stop, value.step)))
    if isinstance(value, numpy.dtype) or (isinstance(value, type) and issubclass(value, (numpy.generic, float))):
        return dtype_name(numpy.dtype(value))
    if value is None or value is Ellipsis or isinstance(value, (bool, str)):
        return ast.Constant(value)
    if type(value) in (int, float, complex):
        return ast.Constant(value)
    plain = numpy.asarray(value)
    return constant(plain) if plain.ndim else ast.Constant(plain.item())


def dtype_name(dtype: numpy.dtype) -> ast.expr:
    """A dtype as source: `np.float32`, `bool`."""
    return ast.Name("bool") if dtype.kind == "b" else _parsed(f"np.{dtype.newbyteorder('=').name}")


def _cast(node: Node, operand: ast.expr) -> ast.expr:
    dtype = numpy_dtype(node)
    if numpy_dtype(node.inputs[0]).kind == "c" and dtype.kind not in "cb":
        operand = ast.Attribute(operand, "real")
    if node.shape:
        return ast.Call(ast.Attribute(operand, "astype"), [dtype_name(dtype)], [])
    return ast.Call(_parsed("np.bool") if dtype.kind == "b" else dtype_name(dtype), [operand], [])


def prelude_names(tree: ast.expr) -> set[str]:
    """The functions of `prelude` that an expression calls."""
    if isinstance(tree, ast.Name):
        return {tree.id} & _prelude()
    found: set[str] = set()
    stack: list[Any] = [tree]
    while stack:
        part = stack.pop()
        if isinstance(part, ast.Name):
            found.add(part.id)
        elif isinstance(part, list):
            stack += part
        elif isinstance(part, ast.AST):
            stack += [getattr(part, name, None) for name in part._fields if name not in ("ctx", "op", "ops")]
    return found & _prelude()


@functools.cache
def _prelude() -> frozenset[str]:
    return frozenset(prelude.names())
