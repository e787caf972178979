"""Characters: subscripts, display widths, shortening, and text from outside made safe to show.

Names, snippets, file names and messages come from the user's program. `clean` makes control and direction
characters visible, so that they can neither drive a terminal nor reorder a line; `escape` makes text fit for HTML
and SVG. Nothing here knows about documents.
"""

from __future__ import annotations

import html
import re
import unicodedata

_SUBSCRIPTS = str.maketrans("0123456789-−", "₀₁₂₃₄₅₆₇₈₉₋₋")
_IDENTIFIER = re.compile(r"([A-Za-z]+)(-?\d+)\Z")
_NONFINITE = re.compile(r"(?<![A-Za-z_])(nan|inf|infinity|∞)(?![A-Za-z_])", re.IGNORECASE)
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def subscript(variable: str) -> str:
    """A variable's id as it is written.

    >>> subscript("v-1"), subscript("v12"), subscript("other")
    ('v₋₁', 'v₁₂', 'other')
    """
    match = _IDENTIFIER.match(variable)
    return match[1] + match[2].translate(_SUBSCRIPTS) if match else variable


def clean(text: str) -> str:
    """`text` on one line, with every control, direction or unpaired character made visible.

    >>> clean("a\\nb\\x1b[31m")
    'a␊b␛[31m'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
    if char < " ":
        return chr(0x2400 + ord(char))
    if char == "\x7f":
        return "␡"
    return "\N{REPLACEMENT CHARACTER}" if unicodedata.category(char) in _UNSEEN else char


def escape(text: object) -> str:
    """`text` cleaned and escaped for HTML or SVG, in content and in quoted attributes alike.

    >>> escape("<b title='x'>")
    '&lt;b title=&#x27;x&#x27;&gt;'
    """
    return html.escape(clean(str(text)), quote=True)


def display_width(text: str) -> int:
    """Columns that `text` takes in a terminal: combining marks none, East Asian wide characters two.

    >>> display_width("v̄"), display_width("名前")
    (1, 4)
    """
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def pad(text: str, width: int, right: bool = False) -> str:
    """`text` filled with blanks to `width` columns, on its left when `right` is set."""
    blanks = " " * max(0, width - display_width(text))
    return blanks + text if right else text + blanks


def shorten(text: str, width: int) -> str:
    """`text` in at most `width` columns, cut with an ellipsis.

    >>> shorten("a long instruction", 8)
    'a long …'
    """
    if display_width(text) <= width:
        return text
    kept: list[str] = []
    room = width - 1
    for char in text:
        room -= _columns(char)
        if room < 0:
            break
        kept.append(char)
    return "".join(kept) + "…"


def nonfinite(text: str | None) -> bool:
    """Whether a shown number, or any entry of a shown tuple of numbers, is NaN or infinite.

    >>> nonfinite("(1, nan)"), nonfinite("3.5"), nonfinite(None)
    (True, False, False)
    """
    return text is not None and _NONFINITE.search(text) is not None


def zero(text: str | None) -> bool:
    """Whether a shown number is exactly zero."""
    return text is not None and text.strip("()−-+ ") in {"0", "0.0"}
