"""What Tab offers on the option lines."""

import pytest
from IPython.core.completer import provisionalcompleter


@pytest.fixture
def complete(shell):
    """`complete(text)`: the text of each completion at the end of `text`, or at `|` in it."""

    def texts(text):
        before, _, after = text.partition("|")
        with provisionalcompleter():
            return [before[: c.start] + c.text for c in shell.Completer.completions(before + after, len(before))]

    return texts


@pytest.mark.parametrize("magic", ["%%grad", "%grad", "g = %grad"])
def test_options(complete, magic):
    assert complete(f"{magic} --mo") == [f"{magic} --mode"]
    assert f"{magic} --view" in complete(f"{magic} --")


def test_options_of_the_cell_magic_alone(complete):
    assert complete("%%grad --o") == ["%%grad --of", "%%grad --order"]
    assert complete("%grad --o") == ["%grad --order"]


@pytest.mark.parametrize("between", [" ", "="])
def test_choices(complete, between):
    assert complete(f"%%grad x --mode{between}f") == [f"%%grad x --mode{between}forward"]
    assert complete(f"%%grad x --device{between}") == [
        f"%%grad x --device{between}cpu",
        f"%%grad x --device{between}gpu",
    ]


def test_views(complete):
    assert complete("%%grad --view list,g") == ["%%grad --view list,graph"]
    assert complete("%%grad --view n") == ["%%grad --view none"]


def test_names_of_the_cell_and_of_earlier_cells(complete, run):
    run("weather = 2.0\nwords = 'no number'\nwhole = 3")
    assert complete("%%grad w|\nweight = 3.0\nloss = weight ** 2") == ["%%grad weight", "%%grad weather"]
    assert complete("%%grad weight, l|\nweight = 3.0\nloss = weight ** 2") == ["%%grad weight, loss"]


def test_names_of_a_cell_that_does_not_parse_yet(complete):
    assert complete("%%grad we|\nweight = 3.0\nloss = (weight **") == ["%%grad weight"]


def test_the_output(complete):
    assert complete("%%grad x --of lo|\nx = 1.0\nloss = x ** 2") == ["%%grad x --of loss"]


def test_settings(complete):
    assert complete("%adkit m") == ["%adkit mode="]
    assert complete("%adkit mode=f") == ["%adkit mode=forward"]
    assert complete("%adkit mode=forward d") == ["%adkit mode=forward device="]


def test_code_below_is_completed_by_ipython(complete, run):
    run("weather = 2.0")
    assert "%%grad x\nnp.sin(weather" in complete("%%grad x\nnp.sin(weath")


def test_other_lines_are_left_alone(complete):
    assert all("--mode" not in text for text in complete("x = --"))
