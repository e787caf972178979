"""`plain_trees` gives what optree gives, and adkit computes with it where optree does not exist."""

from __future__ import annotations

import collections
import subprocess
import sys
import textwrap

import optree
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adkit import plain_trees

Point = collections.namedtuple("Point", ("x", "y"))

LEAVES = st.floats(allow_nan=False) | st.none() | st.integers()
KEYS = st.text(max_size=3)


def containers(children):
    return (
        st.lists(children, max_size=3)
        | st.lists(children, max_size=3).map(tuple)
        | st.dictionaries(KEYS, children, max_size=3)
        | st.dictionaries(KEYS, children, max_size=3).map(collections.OrderedDict)
        | st.dictionaries(KEYS, children, max_size=3).map(lambda d: collections.defaultdict(list, d))
        | st.lists(children, max_size=3).map(lambda parts: collections.deque(parts, maxlen=5))
        | st.builds(Point, children, children)
    )


TREES = st.recursive(LEAVES, containers, max_leaves=12)


@settings(max_examples=60, deadline=None)
@given(TREES, st.booleans())
def test_leaves_structures_and_ways_are_those_of_optree(tree, none_is_leaf):
    leaves, structure = plain_trees.tree_flatten(tree, none_is_leaf=none_is_leaf)
    expected, wanted = optree.tree_flatten(tree, none_is_leaf=none_is_leaf)
    assert leaves == expected == plain_trees.tree_leaves(tree, none_is_leaf=none_is_leaf)
    assert structure.num_leaves == wanted.num_leaves
    assert structure.is_leaf() == wanted.is_leaf()
    made = plain_trees.tree_unflatten(structure, leaves)
    assert made == tree
    assert type(made) is type(tree)
    ways = [way.codify("t") for way in plain_trees.tree_accessors(tree, none_is_leaf=none_is_leaf)]
    assert ways == [way.codify("t") for way in optree.tree_accessors(tree, none_is_leaf=none_is_leaf)]


@settings(max_examples=60, deadline=None)
@given(TREES)
def test_a_prefix_is_broadcast_as_by_optree(tree):
    first = [0] if isinstance(tree, list) and len(tree) == 1 else 0
    for prefix in (first, tree, [0, 1], (None, 2)):
        try:
            expected = optree.broadcast_prefix(prefix, tree, none_is_leaf=True)
        except ValueError:
            with pytest.raises(ValueError):
                plain_trees.broadcast_prefix(prefix, tree, none_is_leaf=True)
        else:
            assert plain_trees.broadcast_prefix(prefix, tree, none_is_leaf=True) == expected


def test_a_map_goes_along_the_first_tree():
    pairs = plain_trees.tree_map(lambda a, b: (a, b), {"a": 1, "b": None}, {"a": [1, 2], "b": 3}, none_is_leaf=True)
    assert pairs == {"a": (1, [1, 2]), "b": (None, 3)}
    with pytest.raises(ValueError, match="part below"):
        plain_trees.tree_map(lambda a, b: a, [1, 2], [1])


def test_keys_of_several_types_have_an_order():
    tree = {1: 1.0, "a": 2.0, 0: 3.0}
    assert plain_trees.tree_leaves(tree) == optree.tree_leaves(tree)


def test_adkit_computes_without_optree():
    code = """
        import sys
        sys.modules["optree"] = None  # an import of it now raises ModuleNotFoundError
        import numpy as np
        import adkit

        params = {"w": np.array([1.0, 2.0]), "b": 3.0}
        print(adkit.grad(lambda p: np.sum(p["w"] ** 2) * p["b"])(params))
        print(adkit.vmap(lambda x, p: x * p["b"], in_axes=(0, None))(np.ones(2), params))
        print(adkit.grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 5.0))
        print(adkit.jvp(lambda p: p[0] * p[1], ((2.0, 5.0),), ((1.0, 0.0),)))
        rule = adkit.custom_rule(lambda p: p["a"] ** 2, vjp=lambda p: (p["a"] ** 2, lambda g: {"a": 2 * g * p["a"]}))
        print(adkit.grad(lambda a: rule({"a": a}))(3.0))
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "{'b': 5.0, 'w': array([ 6., 12.])}",
        "[3. 3.]",
        "(5.0, 2.0)",
        "(10.0, np.float64(5.0))",
        "6.0",
    ]
