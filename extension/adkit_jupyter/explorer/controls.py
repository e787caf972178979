"""One control per input: a slider with a number field and an editable range, and for an array the choice of an element.

A control holds no state but the widgets'; `changed(name, value)` is called with what the user chose. Not for: running
anything (`session`), and the toggles (`panel`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import ipywidgets
import numpy

__adkit__ = True

STEPS = 200
SNAP = 0.501  # of a step: what the browser moves a value by that lies between two steps, half a step included
MOST_AXES = 4
CHARACTER = 7.3  # width in pixels of a character in the fields and labels
FIELD = 76  # least width of a number field
LONGEST = 12  # characters of a number that is shown in full
LABEL = 64  # least width of the names
WIDEST_LABEL = 220
TRACK = 86  # least length of a slider
Changed = Callable[[str, Any], None]
Guard = Callable[[Callable[..., None]], Callable[..., None]]


def nice_range(value: float) -> tuple[float, float]:
    """A round range around a value, in which it lies well inside.

    >>> nice_range(1.5), nice_range(-0.4), nice_range(0.0), nice_range(30.0)
    ((-5.0, 5.0), (-1.0, 1.0), (-2.0, 2.0), (-100.0, 100.0))
    """
    if value == 0 or not math.isfinite(value):
        return -2.0, 2.0
    reach = 2 * abs(value)
    power = 10.0 ** math.floor(math.log10(reach))
    bound = next((m * power for m in (1, 2, 5, 10) if m * power >= reach * 0.999), reach)
    bound = float(f"{bound:.12g}")
    return -bound, bound


def step_of(low: float, high: float) -> float:
    """A round step, of which about `STEPS` make up the range.

    >>> step_of(-5.0, 5.0)
    0.05
    """
    rough = (high - low) / STEPS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
    return float(f"{step:.12g}")


def rounded(value: float) -> float:
    """A slider's number without the dust of binary steps: 0.1 × 3 is 0.3."""
    return float(f"{value:.12g}")


def shown(value: float) -> float:
    """The number that a field shows: `value`, to six digits where it would be too long.

    >>> shown(0.12573), shown(2.0409119210386), shown(6.02214076e23)
    (0.12573, 2.04091, 6.02214e+23)
    """
    return value if len(_written(value)) <= LONGEST else float(f"{value:.6g}")


def _written(value: float) -> str:
    """As the browser writes a number, or a little longer."""
    return f"{value:g}" if value == float(f"{value:g}") else repr(value)


def field_width(*values: float) -> str:
    """The width in which the longest of some numbers can be read."""
    longest = max(len(_written(value)) for value in values)
    return f"{max(FIELD, math.ceil(longest * CHARACTER) + 36)}px"


def label_width(labels: Iterable[str]) -> int:
    """The width in pixels of the names of a panel's inputs."""
    longest = max((len(label) for label in labels), default=0)
    return min(WIDEST_LABEL, max(LABEL, math.ceil(longest * CHARACTER) + 8))


def decimal(value: Any) -> float:
    """A number of any precision as the shortest decimal that means it: float32's 0.1 is 0.1.

    >>> decimal(numpy.float32(0.1)), decimal(1.5)
    (0.1, 1.5)
    """
    return float(str(value)) if isinstance(value, numpy.floating) else float(value)


def together(*widgets: Any) -> Any:
    """Widgets that stay side by side where a row has to break."""
    layout = ipywidgets.Layout(width="auto", align_items="center", overflow="visible", grid_gap="0 4px")
    return ipywidgets.HBox(widgets, layout=layout)


class Slider:
    """Slider, number field and range for one number."""

    def __init__(self, label: str, value: float, changed: Callable[[float], None], guard: Guard, width: int) -> None:
        low, high = nice_range(value)
        self._changed = changed
        self._quiet = False
        self._value = value
        self.slider = ipywidgets.FloatSlider(
            value=value,
            min=low,
            max=high,
            step=step_of(low, high),
            description=label,
            readout=False,
            layout=ipywidgets.Layout(flex=f"1 1 {width + TRACK}px", width="auto", min_width=f"{width + TRACK}px"),
            style={"description_width": f"{width}px"},
        )
        self.field = self._number(shown(value), f"value of {label}")
        self.low = self._number(low, f"lowest {label} of the slider")
        self.high = self._number(high, f"highest {label} of the slider")
        self.slider.observe(guard(self._moved), "value")
        self.field.observe(guard(self._typed), "value")
        self.low.observe(guard(self._ranged), "value")
        self.high.observe(guard(self._ranged), "value")
        self.widgets = [self.slider, self.field, together(self._word("from"), self.low, self._word("to"), self.high)]

    @staticmethod
    def _number(value: float, tooltip: str) -> Any:
        layout = ipywidgets.Layout(width=field_width(value))
        return ipywidgets.FloatText(value=value, step=None, layout=layout, tooltip=tooltip)

    def _write(self, field: Any, value: float) -> None:
        """Show a number in a field, which becomes wider for it but never narrower."""
        field.value = value
        _widen(field, field_width(value))

    @staticmethod
    def _word(text: str) -> Any:
        return ipywidgets.Label(text, layout=ipywidgets.Layout(width="auto"))

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest value of the slider."""
        return self.slider.min, self.slider.max

    def show(self, label: str, value: float) -> None:
        """Stand for another number, without telling anybody."""
        self._quiet = True
        try:
            low, high = nice_range(value)
            self._widen(low, high, value)
            self.slider.description = label
            self._value = self.slider.value = value
            self._write(self.field, shown(value))
        finally:
            self._quiet = False

    def put(self, value: float) -> None:
        """Stand at another value, without telling anybody; the range becomes wider where it has to."""
        self._quiet = True
        try:
            low, high = self.range
            if not low <= value <= high:
                self._widen(low, high, value)
            self._value = self.slider.value = value
            self._write(self.field, shown(value))
        finally:
            self._quiet = False

    def _widen(self, low: float, high: float, value: float) -> None:
        """Set the range, so that it is never empty on the way, and holds the value."""
        low, high = min(low, value), max(high, value)
        with self.slider.hold_trait_notifications():
            self.slider.min, self.slider.max = low, high
            self.slider.step = step_of(low, high)
        self._write(self.low, low)
        self._write(self.high, high)

    def _moved(self, change: Any) -> None:
        """The slider was moved, by a step at least: the browser also sends the step next to a value between two.

        The slider's own value stays as it is: written back, it would undo steps that the browser made since.
        """
        value = rounded(self.slider.value)
        if self._quiet or abs(value - self._value) < self.slider.step * SNAP:
            return
        self._value = value
        self._quiet = True
        try:
            self.field.value = value
        finally:
            self._quiet = False
        self._changed(value)

    def _typed(self, change: Any) -> None:
        if self._quiet:
            return
        value = float(self.field.value)
        if math.isfinite(value):
            self._set(value)
        else:
            self._restore()

    def _set(self, value: float) -> None:
        self._quiet = True
        try:
            low, high = self.range
            if not low <= value <= high:
                self._widen(low, high, value)
            self._value = self.slider.value = value
            self._write(self.field, value)
        finally:
            self._quiet = False
        self._changed(value)

    def _ranged(self, change: Any) -> None:
        if self._quiet:
            return
        low, high, value = float(self.low.value), float(self.high.value), self._value
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            self._restore()
            return
        self._quiet = True
        try:
            self._widen(low, high, value)
        finally:
            self._quiet = False
        self._changed(value)

    def _restore(self) -> None:
        """Take back what was typed and cannot be."""
        self._quiet = True
        try:
            self.field.value = shown(self._value)
            self.low.value, self.high.value = self.range
        finally:
            self._quiet = False


class ScalarControl:
    """The control of an input that is one number."""

    def __init__(self, name: str, value: Any, changed: Changed, guard: Guard, width: int) -> None:
        self.name = name
        self._kind = type(value)
        number = decimal(value[()] if isinstance(value, numpy.ndarray) else value)
        self.slider = Slider(name, number, lambda number: changed(name, self._typed(number)), guard, width)
        self.widgets = self.slider.widgets

    def restore(self, value: Any) -> None:
        """Stand at a value again."""
        self.slider.put(decimal(value[()] if isinstance(value, numpy.ndarray) else value))

    def _typed(self, number: float) -> Any:
        """A number in the type of the input: float32 stays float32, a Python int became a float when it was traced."""
        if issubclass(self._kind, numpy.ndarray):
            return numpy.asarray(number, self.dtype)
        return self._kind(number) if issubclass(self._kind, numpy.floating) else number

    dtype: Any = float

    @property
    def range(self) -> tuple[float, float]:
        """The range of the slider, for the plots along this input."""
        return self.slider.range


class ArrayControl:
    """The control of an input that is an array: an index field per axis, and a slider for the element chosen."""

    def __init__(self, name: str, value: numpy.ndarray, changed: Changed, guard: Guard, width: int) -> None:
        self.name = name
        self._array = value.copy()
        self._tell = changed
        axes = value.shape if value.ndim <= MOST_AXES else (value.size,)
        self._fields = [
            ipywidgets.BoundedIntText(
                value=0,
                min=0,
                max=length - 1,
                description="index" if axis == 0 else "",
                style={"description_width": "34px"},
                layout=ipywidgets.Layout(width="92px" if axis == 0 else "54px"),
                tooltip=f"index of {name} along axis {axis}",
            )
            for axis, length in enumerate(axes)
        ]
        self.slider = Slider(self._label(), decimal(self._array[self._index()]), self._moved, guard, width)
        for field in self._fields:
            field.observe(guard(self._chosen), "value")
        of = ipywidgets.Label(f"of {'×'.join(map(str, axes))}", layout=ipywidgets.Layout(width="auto"))
        self.widgets = [*self.slider.widgets, together(*self._fields, of)]

    def restore(self, value: numpy.ndarray) -> None:
        """Hold an array again."""
        self._array = value.copy()
        self.slider.put(decimal(self._array[self._index()]))

    def _index(self) -> tuple[int, ...]:
        chosen = tuple(field.value for field in self._fields)
        if len(chosen) == self._array.ndim:
            return chosen
        return tuple(int(i) for i in numpy.unravel_index(chosen[0], self._array.shape))

    def _label(self) -> str:
        return f"{self.name}[{', '.join(map(str, self._index()))}]"

    def _chosen(self, change: Any) -> None:
        self.slider.show(self._label(), decimal(self._array[self._index()]))

    def _moved(self, number: float) -> None:
        self._array[self._index()] = number
        self._tell(self.name, self._array.copy())


def _widen(field: Any, width: str) -> None:
    if float(width[:-2]) > float(field.layout.width[:-2]):
        field.layout.width = width


def align(sliders: Iterable[Slider]) -> None:
    """Make the fields of several sliders as wide as the widest, so that they stand below one another."""
    rows = [(slider.field, slider.low, slider.high) for slider in sliders]
    for column in zip(*rows, strict=True):
        widest = max((field.layout.width for field in column), key=lambda width: float(width[:-2]))
        for field in column:
            _widen(field, widest)


def can_move(value: Any) -> bool:
    """Whether an input has a control; none that is complex, empty, or of another array library."""
    if isinstance(value, bool) or not isinstance(value, float | int | numpy.floating | numpy.ndarray):
        return False
    return not isinstance(value, numpy.ndarray) or (value.dtype.kind == "f" and value.size > 0)


def longest_label(name: str, value: Any) -> str:
    """The longest label that the control of an input may have: that of an array's last element."""
    if not isinstance(value, numpy.ndarray) or not value.ndim:
        return name
    return f"{name}[{', '.join(str(length - 1) for length in value.shape)}]"


def control_of(name: str, value: Any, changed: Changed, guard: Guard, width: int) -> ScalarControl | ArrayControl:
    """The control of an input that `can_move`; `width` is that of the labels."""
    if isinstance(value, numpy.ndarray) and value.ndim:
        return ArrayControl(name, value, changed, guard, width)
    control = ScalarControl(name, value, changed, guard, width)
    if isinstance(value, numpy.ndarray):
        control.dtype = value.dtype
    return control
