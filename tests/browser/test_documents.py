"""The documents made by hand for these tests are such as adkit makes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.browser import documents

SCHEMA = Path(__file__).resolve().parents[2] / "adkit" / "views" / "trace.v1.schema.json"


@pytest.mark.parametrize("name", ["small", "forward", "folded", "long", "without_layout", "head_only"])
def test_document_follows_the_schema(name: str) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.validate(getattr(documents, name)(), schema)
