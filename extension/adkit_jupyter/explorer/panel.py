"""The widgets of one explorer: toggles, a control per input, a line for errors, a bar for slow runs.

Plain ipywidgets, looked after by the style sheet of the viewer where that is installed. Not for: state (`session`).
"""

from __future__ import annotations

import functools
import html
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import ipywidgets
import numpy

from .conductor import SLOW
from .controls import ArrayControl, ScalarControl, align, can_move, control_of, label_width, longest_label
from .failures import Failure, failure_of

__adkit__ = True

MOST_CONTROLS = 12
MOST_NAMED = 6  # inputs without a control that are named
TIPS = {
    "forward": "tangents, with the values",
    "reverse": "adjoints, back from the output",
    "cpu": "compute with NumPy",
    "gpu": "compute with CuPy",
    "1": "first derivatives",
    "2": "first and second derivatives",
}
FORWARD = "adkit-explorer-is-forward"
TEXT = "The controls of this explorer need a running kernel: run the cell."


class Owner(Protocol):
    """What a panel asks of its explorer."""

    def choose(self, name: str, value: Any) -> None:
        """The user moved the control of an input."""

    def switch(self, **changes: Any) -> None:
        """The user chose another mode, order or device."""

    def cancel(self) -> None:
        """The user pressed Cancel."""

    def close(self) -> None:
        """The user pressed Close."""


class Choice:
    """A few buttons of which one is pressed."""

    def __init__(self, options: Mapping[str, str], chosen: str, choose: Callable[[str], None], guard: Any) -> None:
        self._choose = choose
        self._quiet = False
        self.buttons = {
            value: ipywidgets.ToggleButton(
                value=value == chosen, description=text, tooltip=TIPS.get(value, text), layout={"width": "auto"}
            )
            for value, text in options.items()
        }
        for value, button in self.buttons.items():
            button.observe(guard(functools.partial(self._pressed, value)), "value")
            button.add_class(f"adkit-explorer-{value}")
        self.box = ipywidgets.HBox(list(self.buttons.values()), layout={"overflow": "visible"})
        self.box.add_class("adkit-explorer-choice")

    def _pressed(self, value: str, change: Any) -> None:
        if not self._quiet:
            fresh = self.buttons[value].value
            self.show(value)
            if fresh:
                self._choose(value)

    def show(self, chosen: str) -> None:
        """Press one button, without telling anybody."""
        if self.buttons[chosen].value and sum(button.value for button in self.buttons.values()) == 1:
            return
        self._quiet = True
        try:
            for value, button in self.buttons.items():
                button.value = value == chosen
        finally:
            self._quiet = False

    def disable(self, value: str, reason: str) -> None:
        """Make a button impossible, or possible where the reason is empty."""
        button = self.buttons[value]
        button.disabled = bool(reason)
        button.tooltip = reason or TIPS.get(value, button.description)


class Panel:
    """All widgets of one explorer; `widget` is the outermost."""

    def __init__(
        self,
        owner: Owner,
        values: Mapping[str, Any],
        setup: Any,
        orders: list[int],
        gpu: str,
        moves: Callable[[str], bool],
    ) -> None:
        self._owner = owner
        self._moves = moves
        self.mode = self._choice({"forward": "forward", "reverse": "reverse"}, setup.mode, "mode", str)
        self.device = self._choice({"cpu": "CPU", "gpu": "GPU"}, setup.device, "device", str)
        self.order = self._choice({str(n): f"order {n}" for n in orders}, str(setup.order), "order", int)
        self._gpu = gpu[:1].upper() + gpu[1:] if "GPU" in gpu or not gpu else f"GPU: {gpu}"
        self.device.disable("gpu", gpu)
        self.reasons = ipywidgets.Label(layout={"display": "none"})
        self.reasons.add_class("adkit-explorer-reason")
        self.closing = ipywidgets.Button(description="Close", tooltip="end this explorer; the picture stays")
        self.closing.layout.width = "auto"
        self.closing.layout.margin = "2px 2px 2px auto"
        self.closing.on_click(self.guarded(lambda button: owner.close()))
        self.controls = self._controls(values)
        self.shown = ipywidgets.Label()
        self.shown.add_class("adkit-explorer-shown")
        self.message = ipywidgets.HTML(layout={"display": "none"})
        self._progress()
        self.widget = self._assembled(values)

    def _choice(self, options: Mapping[str, str], chosen: str, key: str, kind: Callable[[str], Any]) -> Choice:
        return Choice(options, chosen, lambda value: self._owner.switch(**{key: kind(value)}), self.guarded)

    def _controls(self, values: Mapping[str, Any]) -> dict[str, ScalarControl | ArrayControl]:
        movable = [name for name, value in values.items() if can_move(value) and self._moves(name)][:MOST_CONTROLS]
        width = label_width(longest_label(name, values[name]) for name in movable)
        made = {name: control_of(name, values[name], self._owner.choose, self.guarded, width) for name in movable}
        align(control.slider for control in made.values())
        return made

    def _progress(self) -> None:
        self.bar = ipywidgets.FloatProgress(min=0.0, max=1.0, layout={"width": "220px"}, tooltip="the run goes on")
        self.cancelling = ipywidgets.Button(description="Cancel", layout={"width": "auto"})
        self.cancelling.on_click(self.guarded(lambda button: self._owner.cancel()))
        running = ipywidgets.Label("running")
        self.progress = ipywidgets.HBox([running, self.bar, self.cancelling], layout={"display": "none"})
        self.progress.add_class("adkit-explorer-progress")

    def _assembled(self, values: Mapping[str, Any]) -> Any:
        wrap = {"flex_flow": "row wrap", "align_items": "center", "overflow": "visible", "grid_gap": "0 12px"}
        choices = [self.mode.box, self.device.box, self.order.box, self.closing]
        rows = [ipywidgets.HBox(choices, layout=wrap), self.reasons]
        for control in self.controls.values():
            rows.append(ipywidgets.HBox(control.widgets, layout={**wrap, "grid_gap": "0 4px"}))
        left = [name for name in values if name not in self.controls]
        if left:
            without = ipywidgets.Label(f"without a slider: {_listed(left, values)}")
            without.add_class("adkit-explorer-reason")
            rows.append(without)
        box = ipywidgets.VBox([*rows, self.progress, self.message, self.shown], layout={"max_width": "1100px"})
        box.add_class("adkit-explorer")
        if self.mode.buttons["forward"].value:
            box.add_class(FORWARD)
        return box

    # -- from the user

    def guarded(self, callback: Callable[..., None]) -> Callable[..., None]:
        """A callback whose exception is shown in the panel, since nobody else would show it."""

        @functools.wraps(callback)
        def call(*args: Any) -> None:
            try:
                callback(*args)
            except Exception as error:
                self.fail(failure_of(error), "")

        return call

    # -- to the user

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """The ranges of the sliders of scalar inputs."""
        return {name: c.range for name, c in self.controls.items() if isinstance(c, ScalarControl)}

    def fail(self, failure: Failure, still_shown: str) -> None:
        """Show an error."""
        self.message.value = failure.as_html(still_shown)
        self.message.layout.display = ""

    def say(self, text: str) -> None:
        """Show a sentence, or nothing."""
        shown = f'<div class="adkit-explorer-below" role="status">{html.escape(text)}</div>' if text else ""
        if self.message.value != shown:
            self.message.value = shown
        display = "" if text else "none"
        if self.message.layout.display != display:
            self.message.layout.display = display

    def restore(self, values: Mapping[str, Any], setup: Any) -> None:
        """Have every control say again what is shown."""
        for name, control in self.controls.items():
            if name in values:
                control.restore(values[name])
        self.mode.show(setup.mode)
        self.device.show(setup.device)
        self.order.show(str(setup.order))

    def note(self, output: Mapping[str, Any]) -> None:
        """Write down what the picture shows (the `output` of its document), for a page that shows something else."""
        self.shown.value = f"{output['name'] or 'result'} = {output['value']}" if output["value"] else ""

    def colour(self, mode: str) -> None:
        """Give what is pressed the colour of the mode."""
        forward = FORWARD in self.widget._dom_classes
        if forward != (mode == "forward"):
            (self.widget.remove_class if forward else self.widget.add_class)(FORWARD)

    def explain(self, order_reason: str) -> None:
        """Say why the second order is impossible, or that it is possible."""
        for value in self.order.buttons:
            if value != "1":
                self.order.disable(value, order_reason)
        order = f"order 2 {order_reason}" if order_reason else ""
        reasons = " · ".join(filter(None, (self._gpu, order)))
        if self.reasons.value != reasons:
            self.reasons.value = reasons
            self.reasons.layout.display = "" if reasons else "none"

    def pace(self, seconds: float) -> None:
        """Have sliders act on release after a slow run, and while they move after a fast one."""
        if SLOW / 2 < seconds <= SLOW:
            return
        for control in self.controls.values():
            if control.slider.slider.continuous_update != (seconds <= SLOW):
                control.slider.slider.continuous_update = seconds <= SLOW

    def wait(self, seconds: float | None, expected: float) -> None:
        """Show that a run goes on, or that it does no longer."""
        if seconds is None:
            self.progress.layout.display = "none"
            return
        self.bar.value = min(0.95, seconds / expected) if expected > 0 else 1 - 1 / (1 + seconds)
        if self.progress.layout.display:
            self.progress.layout.display = ""

    def bundle(self) -> dict[str, Any]:
        """What is displayed; where no kernel runs it says that one is needed."""
        shown = dict(self.widget._repr_mimebundle_() or {})
        return {**shown, "text/plain": TEXT, "text/html": f'<div style="opacity:0.74">{TEXT}</div>'}

    def close(self) -> None:
        """Take every widget with its layout and style out of ipywidgets' registry."""
        for widget in _every_widget(self.widget):
            widget.unobserve_all()
            widget.close()


def _listed(names: list[str], values: Mapping[str, Any]) -> str:
    """Names of inputs, those that are complex with that reason."""
    told = [f"{name} (complex)" if numpy.iscomplexobj(values[name]) else name for name in names[:MOST_NAMED]]
    return ", ".join(told) + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")


def _every_widget(root: Any) -> list[Any]:
    """A widget, those in it, and the models of their layouts and styles."""
    found: dict[int, Any] = {}
    pending = [root]
    while pending:
        widget = pending.pop()
        if id(widget) in found:
            continue
        found[id(widget)] = widget
        parts = [*getattr(widget, "children", ()), getattr(widget, "layout", None), getattr(widget, "style", None)]
        pending += [part for part in parts if isinstance(part, ipywidgets.Widget)]
    return list(found.values())
