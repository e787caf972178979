"""The documents that adkit writes keep to the schema that is published with the views."""

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import jsonschema
import numpy as np
import pytest

import adkit

SCHEMA = json.loads((files("adkit.views") / "trace.v1.schema.json").read_text(encoding="utf-8"))


def _branch(x: Any) -> Any:
    return np.sqrt(x) if x > 0 else x**2


def _loop(x: Any) -> Any:
    y = x
    for _ in range(300):
        y = np.sin(y) * x
    return y


CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "scalars": (lambda x, y: np.log(x) + x * y, (2.0, 5.0)),
    "guard": (_branch, (2.0,)),
    "fold": (_loop, (0.5,)),
    "array": (lambda w: np.mean(w**2), (np.linspace(0, 1, 7),)),
    "matrix": (lambda w: np.sum(w @ w), (np.eye(3),)),
    "jacobian": (lambda w: np.cumsum(w) * w, (np.linspace(1, 2, 100),)),
    "nan": (lambda x: x * 2, (float("nan"),)),
}


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("name", CASES)
def test_document_keeps_to_the_schema(name: str, mode: str) -> None:
    function, arguments = CASES[name]
    document = adkit.trace(function, mode=mode)(*arguments).document()
    jsonschema.validate(document, SCHEMA)
    assert document == json.loads(json.dumps(document, allow_nan=False)), "plain JSON types only, and no NaN"


def test_saved_output_keeps_to_the_schema() -> None:
    bundle = adkit.trace(_branch)(2.0)._repr_mimebundle_()
    saved = bundle[0] if isinstance(bundle, tuple) else bundle
    jsonschema.validate(saved["application/vnd.adkit.trace.v1+json"], SCHEMA)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_reports_keep_to_the_schema() -> None:
    trace = adkit.trace(lambda x: np.sum(np.sqrt(x) + np.log(x)))(np.zeros(2))
    trace.reports = (trace.why_nan(), trace.check().as_report())
    document = trace.document()
    jsonschema.validate(document, SCHEMA)
    assert [report["kind"] for report in document["reports"]] == ["nan", "check"]
    assert document == json.loads(json.dumps(document, allow_nan=False))
