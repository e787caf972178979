"""Option lines: what is understood, and errors that are ordinary exceptions and suggest the nearest spelling."""

import pytest
from IPython.core.error import UsageError

from adkit.errors import OptionError
from adkit_jupyter.magics import AdkitMagics
from adkit_jupyter.options import VIEWS, parse_cell_line, parse_expression_line


def cell_options(line):
    return parse_cell_line(AdkitMagics.grad_cell.parser, line)


def test_defaults():
    options = cell_options("")
    assert (options.names, options.of, options.mode, options.device, options.order) == ((), None, None, None, 1)
    assert (options.views, options.check, options.name) == (VIEWS, False, None)


def test_every_option():
    options = cell_options(
        "x w --of loss --mode forward --device=cpu --order 2 --view list,graph --check --name g  # a comment"
    )
    assert options.names == ("x", "w")
    assert (options.of, options.mode, options.device, options.order) == ("loss", "forward", "cpu", 2)
    assert (options.views, options.check, options.name) == (("list", "graph"), True, "g")


@pytest.mark.parametrize("line", ["x w", "x, w", "x,w", "x w x", "--mode forward x w", "x --check w"])
def test_ways_to_write_the_names(line):
    assert cell_options(line).names == ("x", "w")


@pytest.mark.parametrize("line", ["--view none", "--view 'none'", "--view=none"])
def test_no_view(line):
    assert cell_options(line).views == ()


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("--mod forward", ["unknown option --mod", "did you mean --mode?"]),
        ("--chek", ["unknown option --chek", "did you mean --check?"]),
        ("-m forward", ["unknown option -m"]),
        ("--mode=forwrd", ["--mode cannot be 'forwrd'", "did you mean forward?"]),
        ("--mode zigzag", ["--mode cannot be 'zigzag'", "use one of auto, forward, reverse"]),
        ("--mode", ["--mode"]),
        ("--device tpu", ["--device cannot be 'tpu'"]),
        ("--order 0", ["--order takes a whole number from 1"]),
        ("--order two", ["--order takes a whole number from 1"]),
        ("--order -1", ["--order", "whole number"]),
        ("--view list,grph", ["unknown view 'grph'", "did you mean graph?"]),
        ("x[0]", ["'x[0]' is not a variable name"]),
        ("--of a.b", ["'a.b' is not a variable name"]),
        ("--name class", ["'class' is not a variable name"]),
        ("--name 'g", ["cannot be read"]),
    ],
)
def test_errors_name_the_fault_and_the_fix(line, parts):
    with pytest.raises(OptionError) as caught:
        cell_options(line)
    assert not isinstance(caught.value, UsageError | SystemExit)
    rendered = caught.value._render_traceback_()
    assert rendered == [f"OptionError: {caught.value}"]
    for part in [*parts, "Fix: "]:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("line", "expression"),
    [
        ("x**2", "x**2"),
        ("--mode forward x**2 + 1", "x**2 + 1"),
        ("--mode=forward --check x - -y", "x - -y"),
        ("--order 2 f('a  b', --x)", "f('a  b', --x)"),
        ("", ""),
        ("x**2 --mode forward", "x**2"),
        ("x --mode", "x --mode"),
        ("x**2 --check --order=2", "x**2"),
    ],
)
def test_the_expression_of_a_line_stays_as_typed(line, expression):
    assert parse_expression_line(AdkitMagics.grad_line.parser, line)[1] == expression


def test_options_in_front_of_an_expression():
    options, _ = parse_expression_line(AdkitMagics.grad_line.parser, "--mode forward --view list --name g x**2")
    assert (options.mode, options.views, options.name) == ("forward", ("list",), "g")


def test_options_behind_an_expression():
    options, _ = parse_expression_line(AdkitMagics.grad_line.parser, "x**2 --mode forward --name g")
    assert (options.mode, options.name) == ("forward", "g")
    with pytest.raises(OptionError, match="did you mean --mode"):
        parse_expression_line(AdkitMagics.grad_line.parser, "x**2 --mod forward")


def test_unknown_option_in_front_of_an_expression():
    with pytest.raises(OptionError, match="did you mean --mode"):
        parse_expression_line(AdkitMagics.grad_line.parser, "--mod forward x**2")


def test_the_player_comes_only_where_it_is_asked_for():
    assert "player" not in cell_options("").views
    assert cell_options("--view list,player").views == ("list", "player")
    with pytest.raises(OptionError, match="did you mean player"):
        cell_options("--view playr")
