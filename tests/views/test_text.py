"""The text view: complete, aligned, harmless to a terminal."""

from __future__ import annotations

import pytest

from adkit.views import text
from adkit.views.glyphs import display_width
from tests.views import documents

LOSS = """\
loss = 1.48754   ∂loss/∂x = 2.48549   ∂loss/∂w = 0.834289   [agrees with differences, both modes]
reverse mode: 2 inputs, 1 output · 6 instructions · 1 guard

check  derivative  numerical    error  verdict
x         2.48549    2.48549  3.1e−12  agree
w        0.834289   0.834289  8.0e−13  agree

       name  instruction       line      value v  adjoint v̄ = ∂loss/∂v
v₋₁    x     input                           1.5               2.48549
v₀     w     input                          −0.4              0.834289
v₁           sin(v₋₁)          2        0.997495             −0.334554
v₂     u     v₁ · v₀           2       −0.398998              0.836384
guard        v₋₁ > 0 was true  3
v₃           v₋₁²              4            2.25              0.836384
v₄     u     v₂ + v₃           4           1.851              0.836384
v₅           v₄²               5         3.42621              0.225927
v₆     loss  log1p(v₅)         5         1.48754                     1"""


def lines_without_padding(page: str) -> list[list[str]]:
    return [line.split() for line in page.splitlines()]


def test_the_drawings_example():
    assert lines_without_padding(text.render(documents.loss())) == lines_without_padding(LOSS)


def test_numbers_are_aligned_on_the_right():
    table = text.render(documents.loss()).split("\n\n")[-1].splitlines()
    ends = {display_width(line) for line in table if "guard" not in line}
    assert len(ends) == 1


def test_head_only():
    doc = {**documents.loss(), "views": []}
    assert text.render(doc) == LOSS.splitlines()[0]
    assert text.render({**documents.broken(), "views": []}).splitlines()[1].startswith("warning: the adjoint of x")


def test_folds_show_their_first_repetition():
    page = text.render(documents.loop())
    assert "▸ loop ×200, lines 5–6 · 600 instructions, first repetition:" in page
    assert "    v₃    x     0.5 · v₂" in page


def test_long_traces_are_cut_and_counted():
    page = text.render(documents.long())
    assert len(page.splitlines()) < 310
    assert "… 1,853 more rows" in page


@pytest.mark.parametrize("name", documents.ALL)
@pytest.mark.parametrize("width", [None, 100])
def test_no_control_characters(name, width):
    page = text.render(documents.ALL[name](), width)
    page.encode()
    assert all(char == "\n" or char.isprintable() for char in page)


def test_width_narrows_the_instruction_column():
    doc = documents.loss()
    doc["rows"][2]["text"] = "f(" + "v₋₁, " * 9 + "v₀)"
    narrow = text.render(doc, 78).split("\n\n")[-1].splitlines()
    assert max(display_width(line) for line in narrow) <= 78
    assert any("…" in line for line in narrow)


def test_the_same_document_gives_the_same_text():
    assert text.render(documents.loop()) == text.render(documents.loop())
