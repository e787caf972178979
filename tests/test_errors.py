"""What adkit raises and warns of is public, says the line and the fix, and travels between processes."""

from __future__ import annotations

import inspect
import pickle

import pytest

import adkit
from adkit import errors

CLASSES = [c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_public_class_is_exported(kind: type) -> None:
    assert issubclass(kind, (adkit.AdkitError, Warning))
    assert getattr(adkit, kind.__name__) is kind
    assert kind.__name__ in adkit.__all__


def test_there_are_errors() -> None:
    assert {errors.AdkitError, errors.PathError, errors.DegenerateWarning} <= set(CLASSES)


@pytest.mark.parametrize("kind", [c for c in CLASSES if issubclass(c, errors.AdkitError)], ids=lambda c: c.__name__)
def test_errors_survive_a_pickle(kind: type[errors.AdkitError]) -> None:
    made = kind("this went wrong", fix="do that", filename="cell.py", line=3)
    error = pickle.loads(pickle.dumps(made))
    assert type(error) is kind
    assert str(error) == str(made)
    assert str(error).endswith(". Fix: do that")
    assert (error.filename, error.line) == ("cell.py", 3)


def test_the_list_of_exports_is_sorted_and_true() -> None:
    assert list(adkit.__all__) == sorted(set(adkit.__all__))
    assert all(hasattr(adkit, name) for name in adkit.__all__)
