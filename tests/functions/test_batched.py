"""Every expression of the function tests under `vmap`, beside the loop: what one example decides holds for it alone."""

from __future__ import annotations

import numpy
import pytest

from adkit import vjp, vmap

from . import test_every_function, test_functions

EXPRESSIONS = [(line, test_every_function) for line in test_every_function.LINES]
EXPRESSIONS += [
    (line.strip(), test_functions)
    for text in test_functions.EXPRESSIONS.strip().splitlines()
    for line in text.split(" | ")
]


def function_of(expression, module):
    """The expression as a function of those of the module's operands that it names."""
    code = compile(expression, "<expression>", "eval")
    scope = {"np": numpy, "numpy": numpy, "S": test_functions.S} | test_every_function.FIXED
    names = [n for n in module.OPERANDS if n in test_every_function._names(code)]
    return (lambda *values: eval(code, scope | dict(zip(names, values)))), [module.OPERANDS[n] for n in names]


def variants(operands):
    """The operands, then ones whose order, signs, sizes and ties differ."""
    random = numpy.random.default_rng(7)
    arrays = [numpy.asarray(x) for x in operands]
    shuffled = [random.permuted(x) if x.ndim else x + 0.5 for x in arrays]
    halves = [numpy.round(x * 2) / 2 + 0.25 for x in arrays]
    return [arrays, shuffled, [x[..., ::-1] if x.ndim else -x for x in arrays], halves, [x * 0.3 + 0.1 for x in arrays]]


def parts(made):
    return list(made) if isinstance(made, (list, tuple)) else [made]


def flat(made):
    return [numpy.asarray(part) for part in parts(made)]


def close(made, expected):
    made, expected = flat(made), flat(expected)
    assert len(made) == len(expected)
    for a, b in zip(made, expected, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        rounding = 1e-5 if b.dtype == numpy.float32 else 1e-11
        size = numpy.max(numpy.abs(b[numpy.isfinite(b)]), initial=1.0)
        numpy.testing.assert_allclose(a, b, rtol=rounding, atol=rounding * size)


def cotangents(f):
    """The cotangents of all operands for ones as cotangents of all results."""

    def pull(*operands):
        value, pullback = vjp(f, *operands)
        several = isinstance(value, (list, tuple))
        ones = [numpy.ones(numpy.shape(v), numpy.result_type(v)) for v in (value if several else [value])]
        return pullback(type(value)(ones) if type(value) in (list, tuple) else ones if several else ones[0])

    return pull


@pytest.mark.parametrize(("expression", "module"), EXPRESSIONS, ids=[line for line, _ in EXPRESSIONS])
def test_what_a_loop_gives(expression, module):
    f, operands = function_of(expression, module)
    with numpy.errstate(all="ignore"):
        examples, results = [], []
        for variant in variants(operands):
            try:
                result = flat(f(*(x[()] for x in variant)))
            except (ValueError, numpy.linalg.LinAlgError):
                continue
            alike = not results or [r.shape for r in result] == [r.shape for r in results[0]]
            if alike and (not results or all(numpy.isfinite(r).all() for r in result if r.dtype.kind in "fc")):
                examples.append(variant)
                results.append(result)
        for order in (slice(None), slice(None, None, -1)):
            columns = [numpy.stack(column) for column in zip(*examples[order], strict=True)]
            expected = [numpy.stack(r) for r in zip(*results[order], strict=True)]
            close(vmap(lambda *a: parts(f(*a)))(*columns), expected)
            each = [flat(cotangents(f)(*(x[()] for x in e))) for e in examples[order]]
            close(vmap(cotangents(f))(*columns), [numpy.stack(g) for g in zip(*each, strict=True)])
