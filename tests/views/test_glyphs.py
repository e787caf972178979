"""Subscripts, widths, and text made safe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adkit.views import glyphs


@pytest.mark.parametrize(
    ("variable", "shown"), [("v-1", "v₋₁"), ("v0", "v₀"), ("v102", "v₁₀₂"), ("g1", "g₁"), ("x y", "x y"), ("", "")]
)
def test_subscripts(variable, shown):
    assert glyphs.subscript(variable) == shown


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=60))
def test_cleaned_text_is_one_harmless_line(text):
    cleaned = glyphs.clean(text)
    assert len(cleaned.splitlines()) <= 1
    assert cleaned.encode() is not None
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or 0x202A <= ord(char) <= 0x202E for char in cleaned)


@given(st.text(max_size=60))
def test_escaped_text_opens_no_markup(text):
    assert not set(glyphs.escape(text)) & set("<>\"'")


@given(st.text(max_size=40), st.integers(1, 30))
def test_shortened_and_padded_text_has_its_width(text, width):
    text = glyphs.clean(text)
    short = glyphs.shorten(text, width)
    assert glyphs.display_width(short) <= width
    assert glyphs.display_width(glyphs.pad(short, width)) == width
    assert glyphs.pad(short, width, right=True).endswith(short)


@pytest.mark.parametrize("text", ["nan", "−inf", "(1, nan)", "∞", "inf"])
def test_what_is_not_finite(text):
    assert glyphs.nonfinite(text)


@pytest.mark.parametrize("text", ["1.5", "banana", "info", "", None, "0", "mean 3"])
def test_what_is_finite(text):
    assert not glyphs.nonfinite(text)


def test_zero():
    assert glyphs.zero("0")
    assert glyphs.zero("−0")
    assert not glyphs.zero("0.1")
    assert not glyphs.zero(None)
