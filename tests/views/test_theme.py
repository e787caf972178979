"""Contrast of every colour, computed for light and dark pages."""

from __future__ import annotations

import re

import pytest

from adkit.views import theme

PAGES = {"light": ((255, 255, 255), (33, 33, 33)), "dark": ((17, 17, 17), (255, 255, 255))}  # page, its ink
READABLE, VISIBLE = 4.5, 3.0


def seen_ink(role: str, ink: theme.RGB) -> theme.RGB:
    share, *channels = (int(number) for number in re.findall(r"\d+", theme.ink(role)))
    return theme.blend(ink, tuple(channels), share / 100)  # type: ignore[arg-type]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", ["primal", "tangent", "adjoint", "wrong"])
@pytest.mark.parametrize("ground", ["page", "panel", "wrong"])
def test_coloured_text_reads_on_both_pages(page, role, ground):
    paper, ink = PAGES[page]
    if ground == "panel":
        paper = theme.blend((128, 128, 128), paper, 0.08)
    if ground == "wrong":
        paper = theme.blend(theme.ROLES["wrong"], paper, 0.1)
    assert theme.contrast(seen_ink(role, ink), paper) >= READABLE


@pytest.mark.parametrize("page", PAGES)
def test_quiet_text_reads_on_both_pages(page):
    paper, ink = PAGES[page]
    share = float(theme.DIM.partition(":")[2])
    for ground in (paper, theme.blend((128, 128, 128), paper, 0.08)):
        assert theme.contrast(theme.blend(ink, ground, share), ground) >= READABLE


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", theme.ROLES)
def test_text_reads_on_the_strongest_tint(page, role):
    paper, ink = PAGES[page]
    assert theme.contrast(ink, theme.blend(theme.ROLES[role], paper, 0.42)) >= READABLE


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", theme.ROLES)
def test_lines_and_plates_stand_out(page, role):
    paper, _ = PAGES[page]
    assert theme.contrast(theme.parse(theme.stroke(role)), paper) >= VISIBLE
    assert theme.contrast(theme.parse(theme.PLATES[role]), paper) >= VISIBLE
    assert theme.contrast(theme.parse(theme.PLATES[role]), (255, 255, 255)) >= READABLE


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK])
@pytest.mark.parametrize("role", ["ink", "dim", "primal", "tangent", "adjoint", "wrong"])
def test_themed_colours_read(colours, role):
    for ground in ("page", "panel"):
        assert theme.contrast(theme.parse(colours[role]), theme.parse(colours[ground])) >= READABLE


def test_no_single_colour_can_serve_both_pages():
    """Why text is mixed with the page's own ink: even the best grey stays under 4.5 on one of the pages."""
    best = max(min(theme.contrast((g, g, g), page) for page, _ in PAGES.values()) for g in range(256))
    assert best < READABLE
