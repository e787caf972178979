"""Where the code of a magic stands: the text of its whole cell, its file name, and the line on which its body begins.

With these a cell that runs under `%%grad` has the tracebacks, `inspect.getsource` and breakpoints of a plain cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from IPython.core.interactiveshell import ExecutionInfo, InteractiveShell

__adkit__ = True


@dataclass(frozen=True)
class CellText:
    """`text` is the cell as the user sees it, `raw` as the front end sent it; the body starts after `offset` lines."""

    text: str
    raw: str
    body: str
    offset: int
    number: int

    def file_name(self, shell: InteractiveShell) -> str:
        """The file name under which the cell is compiled; its lines are put where tracebacks look for them."""
        return shell.compile.cache(self.text, self.number, raw_code=self.raw)


class CellLocator:
    """Remembers the cell that is running, since a magic is only told its own line and body."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._info: ExecutionInfo | None = None

    @property
    def info(self) -> ExecutionInfo | None:
        """What IPython told of the running cell."""
        return self._info

    def before_cell(self, info: Any) -> None:
        """IPython's `pre_run_cell` callback."""
        self._info = info

    def locate(self, line: str, body: str) -> CellText:
        """The text of the running `%%grad` cell with this option line and body.

        A cell that was not sent by a front end (`run_cell_magic` called by hand) gets a text of its own.
        """
        raw = self._info.raw_cell if self._info is not None and self._info.raw_cell else ""
        complete = raw if raw.endswith("\n") else raw + "\n"
        offset = complete.count("\n") - body.count("\n")
        head = "".join(complete.splitlines(keepends=True)[:offset]) if offset > 0 else ""
        if "%%" not in head or not _same_code(complete[len(head) :], body):
            head, offset = f"%%grad {line}\n", 1
            raw = head + body
        return CellText(head + body, raw, body, offset, self._number())

    def expression(self, text: str) -> CellText:
        """The text of a `%grad` line: a little file of its own."""
        return CellText(text, text, text, 0, self._number())

    def _number(self) -> int:
        """The number of the running cell: the counter is ahead of it, except where no history is stored."""
        ahead = bool(self._info is not None and self._info.store_history)
        return self._shell.execution_count - ahead


def _same_code(a: str, b: str) -> bool:
    """Whether two texts are the same but for indentation, which IPython strips."""
    return [line.strip() for line in a.splitlines()] == [line.strip() for line in b.splitlines()]
