"""The colours of every view, and the arithmetic that shows they can be read.

Three colours carry a meaning everywhere: primal blue, tangent green, adjoint orange; red is kept for what is wrong.
This module is not a style sheet: saved HTML is read under themes that it cannot ask about, so a colour is either

* text: the reader's own ink mixed with the role's colour (`ink`), which darkens on a light page and brightens on a
  dark one, and falls back to plain ink where a browser or a sanitiser drops it. (No single literal colour can serve:
  the best possible contrast against both #ffffff and #111111 at once is 4.35 : 1.)
* a line or a tint: the role's mid-tone (`stroke`, `tint`), at least 3 : 1 against both pages where it is a line;
* in an image: white text on a filled plate (`PLATES`), so that the page behind it does not matter.
"""

from __future__ import annotations

RGB = tuple[int, int, int]

ROLES: dict[str, RGB] = {
    "primal": (36, 120, 214),
    "tangent": (0, 138, 92),
    "adjoint": (202, 88, 22),
    "wrong": (220, 56, 69),
    "quiet": (120, 124, 130),
}

# Filled plates inside images: white text on them reads at 4.5 : 1 or better, and they stand out from either page.
PLATES: dict[str, str] = {
    "primal": "#2a6bb3",
    "tangent": "#0c7a5b",
    "adjoint": "#b4551c",
    "wrong": "#c63a40",
    "quiet": "#66717d",
}

LIGHT: dict[str, str] = {
    "ink": "#1c2530",
    "dim": "#5b6773",
    "line": "#dfe4ea",
    "page": "#ffffff",
    "panel": "#f7f9fb",
    "primal": "#2563a8",
    "tangent": "#0f7b6c",
    "adjoint": "#b4531a",
    "wrong": "#a3332f",
}
DARK: dict[str, str] = {
    "ink": "#e4e9ef",
    "dim": "#93a0ad",
    "line": "#2f3843",
    "page": "#111111",
    "panel": "#1a2129",
    "primal": "#7db5ee",
    "tangent": "#5cc8b4",
    "adjoint": "#f0a06a",
    "wrong": "#f08a83",
}

INK_SHARE = 32  # per cent of the reader's own ink in coloured text
DIM = "opacity:0.74"
LINE = "rgba(128,128,128,0.28)"
PANEL = "rgba(128,128,128,0.08)"
MONO = "Menlo,Consolas,'DejaVu Sans Mono',monospace"


def sweep_role(mode: str) -> str:
    """The role whose colour the derivatives of a mode bear: `"tangent"` for forward, `"adjoint"` otherwise."""
    return "tangent" if mode == "forward" else "adjoint"


def ink(role: str) -> str:
    """CSS colour for text of a role, readable on light and dark pages.

    >>> ink("primal")
    'color-mix(in srgb,currentColor 32%,rgb(36,120,214))'
    """
    red, green, blue = ROLES[role]
    return f"color-mix(in srgb,currentColor {INK_SHARE}%,rgb({red},{green},{blue}))"


def stroke(role: str) -> str:
    """CSS colour for a line of a role: at least 3 : 1 on light and dark pages.

    >>> stroke("wrong")
    '#dc3845'
    """
    return "#{:02x}{:02x}{:02x}".format(*ROLES[role])


def tint(role: str, share: float) -> str:
    """CSS background of a role, `share` (0 to 1) of it laid over the page.

    >>> tint("adjoint", 0.2)
    'rgba(202,88,22,0.20)'
    """
    red, green, blue = ROLES[role]
    return f"rgba({red},{green},{blue},{share:.2f})"


def parse(colour: str) -> RGB:
    """The three channels of a `#rrggbb` colour."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def blend(top: RGB, bottom: RGB, share: float) -> RGB:
    """What is seen when `share` (0 to 1) of `top` lies over `bottom`."""
    red, green, blue = (round(share * a + (1 - share) * b) for a, b in zip(top, bottom, strict=True))
    return red, green, blue


def luminance(colour: RGB) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2, "relative luminance")."""
    linear = []
    for channel in colour:
        value = channel / 255
        linear.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: RGB, second: RGB) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio").

    >>> round(contrast((255, 255, 255), (0, 0, 0)))
    21
    """
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)
