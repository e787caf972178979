"""Ordinary values for marked ones, wherever they sit."""

import dataclasses
import functools
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, defaultdict, deque, namedtuple
from types import SimpleNamespace

import numpy as np
import pytest

from adkit_jupyter.ordinary import Ordinary, attributes


class Marked:
    """Stands for a traced value."""

    def __init__(self, value):
        self.value = value


def ordinary(value):
    return Ordinary(lambda v: v.value if isinstance(v, Marked) else v)(value)


Pair = namedtuple("Pair", "a b")


@dataclasses.dataclass(frozen=True)
class Frozen:
    a: object


class Slotted:
    __slots__ = ("a", "unset")

    def __init__(self, a):
        self.a = a


KEY = Marked(1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Marked(1.0), 1.0),
        ([Marked(1.0), 2], [1.0, 2]),
        ((Marked(1.0), [Marked(2.0)]), (1.0, [2.0])),
        ({"a": {"b": Marked(1.0)}}, {"a": {"b": 1.0}}),
        (Pair(Marked(1), 2), Pair(1, 2)),
        ({Marked(1)}, {1}),
        (deque([Marked(1)]), deque([1])),
        (OrderedDict(a=Marked(1)), OrderedDict(a=1)),
        (defaultdict(list, a=[Marked(1)]), defaultdict(list, a=[1])),
        (SimpleNamespace(a=Marked(1)), SimpleNamespace(a=1)),
        (Frozen(Marked(1)), Frozen(1)),
        (frozenset([Marked(1)]), frozenset([1])),
        ({Marked(1): Marked(2), "b": 3}, {1: 2, "b": 3}),
        (OrderedDict([(Marked(1), 2), ("b", 3)]), OrderedDict([(1, 2), ("b", 3)])),
        (Counter([KEY, KEY]), Counter({1: 2})),
        (UserDict(a=Marked(1)), UserDict(a=1)),
        (UserList([Marked(1)]), UserList([1])),
        (ChainMap({"a": Marked(1)}), ChainMap({"a": 1})),
    ],
)
def test_containers(value, expected):
    result = ordinary(value)
    assert result == expected
    assert type(result) is type(expected)


def test_the_users_containers_stay_the_same_objects():
    for value in ([Marked(1)], {"a": Marked(1)}, {Marked(1)}, Frozen(Marked(1))):
        assert ordinary(value) is value


def test_a_tuple_without_marked_values_stays_the_same():
    value = (1, [2], ("a", None))
    assert ordinary(value) is value


def test_partial_functions_and_exceptions():
    value = functools.partial(max, Marked(1), key=Marked(2))
    assert ordinary(value) is value
    assert (value.args, value.keywords) == ((1,), {"key": 2})
    error = ValueError(Marked(1), "text")
    error.more = Marked(2)
    assert ordinary([error]) == [error]
    assert (error.args, error.more) == ((1, "text"), 2)


def test_labelled_arrays():
    xarray = pytest.importorskip("xarray")
    data = xarray.Dataset({"a": ("t", np.array([Marked(1.0), Marked(2.0)], dtype=object)), "b": 1.0})
    assert ordinary([data, data["a"]])[0] is data
    assert list(data["a"].data) == [1.0, 2.0]
    pandas = pytest.importorskip("pandas")
    series = pandas.Series([Marked(1.0), Marked(2.0)], index=["a", "b"], name="n", dtype=object)
    made = ordinary([series])[0]
    assert (made.dtype, made.name, list(made.index), list(made)) == (float, "n", ["a", "b"], [1.0, 2.0])
    frame = ordinary([pandas.DataFrame({"n": series, "t": ["a", "b"]})])[0]
    assert list(frame["n"]) == [1.0, 2.0]
    plain = pandas.DataFrame({"t": ["a", None]}, dtype=object)
    assert ordinary([plain])[0] is plain


def test_one_handle_becomes_one_object():
    handle = Marked(np.ones(2))
    a, b = ordinary([handle, (handle,)])
    assert a is b[0]


def test_cycles_end():
    value = [Marked(1)]
    value.append(value)
    value.append({"me": value, "pair": (value, Marked(2))})
    ordinary(value)
    assert value[0] == 1
    assert value[1] is value
    assert value[2]["me"] is value
    assert value[2]["pair"][1] == 2


def test_deep_nesting_does_not_recurse():
    value = inner = []
    for _ in range(50_000):
        inner.append([])
        inner = inner[0]
    inner.append(Marked(1))
    ordinary(value)
    assert inner == [1]


def test_object_arrays():
    value = np.array([Marked(1), None], dtype=object)
    assert ordinary(value) is value
    assert list(value) == [1, None]


def test_slots_and_attributes_of_the_users_objects():
    value = Slotted(Marked(1))
    value = SimpleNamespace(inner=value)
    assert attributes(value) == [("inner", value.inner)]
    ordinary(value)


def test_objects_of_libraries_are_left_alone():
    import argparse

    value = argparse.Namespace(a=Marked(1))
    ordinary(value)
    assert isinstance(value.a, Marked)


def test_functions_methods_and_classes_of_the_user():
    handle = Marked(1)

    class Kept:
        a = handle

        def method(self):
            return self.b

    kept = Kept()
    kept.b = handle

    def function(c=handle, *, d=handle):
        return c, d, handle

    ordinary([Kept, kept.method, function])
    assert (Kept.a, kept.b, function()) == (1, 1, (1, 1, 1))
