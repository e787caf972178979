"""`fit`: the loop that minimises a loss over batches of data, with what has to be watched while it runs.

Not for: the optimizers, or what is shown (`live`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy

from .. import backends
from ..errors import NonFiniteError, OptionError, TrainingWarning
from ..pytrees import flatten
from ..settings import settings
from ..transforms import value_and_grad
from . import live
from .batches import Batches
from .history import GradientFlow, stretches
from .interrupts import Interrupts
from .optimizers import Optimizer, State, adam

__adkit__ = True

GROWN = 1e3  # beyond which a loss diverges
FINISHED, INTERRUPTED, CALLBACK, NONFINITE = "finished", "interrupted", "callback", "nan"


@dataclasses.dataclass(frozen=True)
class Progress:
    """What a callback is given after a step.

    Attributes
    ----------
    epoch, step: how many epochs have begun and steps were made, both from 1.
    loss: of the batch of this step, before the update.
    params, gradients: the parameters after the update, and the gradients that led there.
    epoch_end: whether this was the last step of its epoch.
    validation: the loss of the validation data, `None` unless `epoch_end` and there are such data.
    """

    epoch: int
    step: int
    loss: float
    params: Any
    gradients: Any
    epoch_end: bool
    validation: float | None


@dataclasses.dataclass(frozen=True)
class Fit:
    """The outcome of `fit`.

    Attributes
    ----------
    params: the parameters after the last step.
    losses: the loss of each step, of its batch and before its update, as a float64 array.
    epochs, steps: how many were completed.
    stopped: "finished", "interrupted", "callback" or "nan".
    reason: the same in a sentence.
    state: the optimizer's state; `fit(…, result.params, …, state=result.state)` goes on from here.
    validation: the loss of the validation data after each epoch.
    report: after a NaN, the report of `adkit.why_nan` on the batch that failed.
    flow: one entry per parameter: its name, and norms of its gradient at some of the steps.

    Example
    -------
    >>> result = fit(lambda p: (p - 1.0) ** 2, 3.0, epochs=2, progress=False)
    >>> result
    Fit(2 steps in 2 epochs, loss 4 → 3.996, finished)
    """

    params: Any
    losses: numpy.ndarray
    epochs: int
    steps: int
    stopped: str
    reason: str
    state: State
    validation: numpy.ndarray
    report: Any = None
    flow: tuple[dict[str, Any], ...] = ()

    def __repr__(self) -> str:
        change = f", loss {self.losses[0]:.4g} → {self.losses[-1]:.4g}" if self.steps else ""
        return f"Fit({_counted(self.steps, 'step')} in {_counted(self.epochs, 'epoch')}{change}, {self.stopped})"

    def plot(self) -> Picture:
        """The curve of the loss, and the norms of the gradients if they were watched (`plot=True`, or a notebook)."""
        return Picture(self.document())

    def document(self, bar: str = "") -> dict[str, Any]:
        """What `adkit.views.training` draws."""
        severity = {NONFINITE: "error", INTERRUPTED: "warning"}.get(self.stopped, "ok")
        per_epoch = self.steps / self.epochs if self.epochs else 0
        checked = [(round((i + 1) * per_epoch), float(v)) for i, v in enumerate(self.validation)]
        return {
            "title": "Training",
            "severity": severity,
            "verdict": self.reason,
            "losses": stretches(self.losses.tolist()),
            "validation": checked,
            "flow": list(self.flow),
            "bar": bar,
        }


@dataclasses.dataclass(frozen=True)
class Picture:
    """A training run to be shown: HTML in a notebook, words elsewhere."""

    document: dict[str, Any]

    def __repr__(self) -> str:
        from ..views import training

        return training.text(self.document)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return live.bundle(self.document, True)


def _counted(n: int, word: str) -> str:
    return f"{n:,} {word}{'' if n == 1 else 's'}"


def fit(
    loss: Callable[..., Any],
    params: Any,
    data: Any = None,
    *,
    epochs: int,
    batch_size: int | None = None,
    optimizer: Optimizer | None = None,
    seed: int = 0,
    shuffle: bool = True,
    validation: Any = None,
    callbacks: Callable[[Progress], Any] | Sequence[Callable[[Progress], Any]] = (),
    progress: bool | str = "auto",
    plot: bool | str = "auto",
    on_nan: str = "stop",
    state: State | None = None,
) -> Fit:
    """Minimise `loss(params, *batch)` over data, step by step, and return a `Fit`.

    Parameters
    ----------
    loss: returns one real number. If it has a parameter `rng`, it is given a `numpy.random.Generator` by that name
        (for `nn.dropout`), and if it has one `training`, True, or False for validation data.
    params: a number, an array or any tree of them; arrays of another array library stay in it.
    data: a tuple of arrays, which become the arguments after params; another array or tree, which becomes one argument;
        `None`; or a function of the epoch (from 0) that returns an iterable of batches.
    epochs: how often to go through the data.
    batch_size: examples per step along the first axis, the rest of an epoch in a smaller batch; all of them by default.
    optimizer: `adam()` by default.
    seed: of the order of the batches (`shuffle`) and of the `rng` of the loss.
    validation: data as above, whose loss is taken after each epoch.
    callbacks: each is called with a `Progress` after every step; the run stops when one returns True.
    progress: tqdm's bar, by default where a person sees it.
    plot: in a notebook, the loss and the norms of the gradients, drawn twice a second at most; by default there.
    on_nan: "stop", or "raise" for a `NonFiniteError`, when a loss or gradient is NaN or infinite.
    state: of an earlier run, to go on from.

    An interrupt (Ctrl-C, or the stop button of a notebook) ends the run after the step that it came in, a second one at
    once, and what was reached is returned. At a NaN the parameters before that step are returned, and `report` says
    which operation on which line made it; a `TrainingWarning` says so too. The same seed gives the same run. Errors of
    the loss pass through as they are.

    Raises `OptionError` for an option that is not possible and `InputError` for data that cannot be divided.

    Example
    -------
    >>> import numpy as np
    >>> from adkit import nn
    >>> x, y = np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 4.0, 5.0, 8.0])
    >>> from adkit.optim import sgd
    >>> line = lambda p, x, y: nn.mse(p["w"] * x + p["b"], y)
    >>> result = fit(line, {"w": 0.0, "b": 0.0}, (x, y), epochs=100, optimizer=sgd(0.01), progress=False)
    >>> {name: round(value, 4) for name, value in result.params.items()}
    {'w': 1.754, 'b': 0.4292}
    """
    if on_nan not in ("stop", "raise"):
        raise OptionError(f"on_nan={on_nan!r} is not possible", fix="use 'stop' or 'raise'")
    if type(epochs) is bool or int(epochs) != epochs or epochs < 0:
        raise OptionError(f"epochs={epochs!r} is not possible", fix="give a whole number")
    with_bar, with_plot = live.chosen(progress, plot)
    order, drawn = (numpy.random.default_rng(s) for s in numpy.random.SeedSequence(seed).spawn(2))
    run = _Run(loss, params, optimizer or adam(), state, drawn)
    run.callbacks = [callbacks] if callable(callbacks) else list(callbacks)
    run.epochs = int(epochs)
    batches = Batches(data, batch_size, shuffle, order)
    checked = None if validation is None else Batches(validation, None, False, order)
    if with_plot:
        run.flow = GradientFlow(run.root)
    total = None if batches.count is None else batches.count * run.epochs
    run.display = live.shown(with_bar, with_plot, total, run.document)
    with _nan_allowed():
        run.go(batches, checked)
    made = run.result()
    if run.stopped == NONFINITE:
        _tell(made, on_nan)
    return made


@contextlib.contextmanager
def _nan_allowed() -> Iterator[None]:
    """Where the session asks for errors at a NaN, fit's own look at it comes first."""
    if settings.current().nan == "allow":
        yield
        return
    with settings(nan="allow"):
        yield


def _tell(made: Fit, on_nan: str) -> None:
    """Say that a run stopped at a NaN, as a warning at the line that called `fit`, or as an error."""
    fix = made.report.fix if made.report is not None and made.report.fix else "take a smaller learning rate"
    if on_nan == "raise":
        error = NonFiniteError(made.reason, fix=fix, report=made.report)
        error.fit = made  # type: ignore[attr-defined]
        raise error
    if made.report is not None and live.in_notebook():
        from IPython.display import display

        display(made.report)
    warnings.warn(f"{made.reason}. Fix: {fix}", TrainingWarning, stacklevel=3)


class _Run:
    """The state of one run of `fit`."""

    def __init__(
        self, loss: Callable[..., Any], params: Any, optimizer: Optimizer, state: State | None, rng: Any
    ) -> None:
        self.loss, self.optimizer, self.rng = loss, optimizer, rng
        names = _parameters(loss)
        self.root = names[0] if names else "params"
        self.takes_rng, self.takes_training = "rng" in names[1:], "training" in names[1:]
        self.keywords = ({"rng": rng} if self.takes_rng else {}) | ({"training": True} if self.takes_training else {})
        self.vg = value_and_grad(loss)
        # one attribute, so that an interrupt finds parameters and state of the same step
        self.point: tuple[Any, State] = (params, optimizer.init(params) if state is None else state)
        self.before = self.point
        self.first = self.point[1].step
        self.losses: list[float] = []
        self.checks: list[float] = []
        self.callbacks: list[Callable[[Progress], Any]] = []
        self.flow: GradientFlow | None = None
        self.display: Any = live.Hidden()
        self.interrupts = Interrupts()
        self.epochs = self.done = 0
        self.stopped = self.reason = ""
        self.report: Any = None

    def go(self, batches: Batches, validation: Batches | None) -> None:
        """All epochs, or as far as they come."""
        try:
            with self.interrupts:
                for epoch in range(self.epochs):
                    if self._epoch(epoch, batches, validation):
                        break
                else:
                    self.stopped = FINISHED
        except KeyboardInterrupt:
            self.stopped = INTERRUPTED
        except Exception as error:
            if self.interrupts.asked:
                self.stopped = INTERRUPTED
            else:
                self.stopped, self.reason = "error", f"{type(error).__name__} in step {len(self.losses) + 1}"
                error.add_note(f"in step {len(self.losses) + 1} of fit, epoch {self.done + 1}")
                raise
        finally:
            self.reason = self.reason or self._reason()
            self.display.close()

    def _epoch(self, epoch: int, batches: Batches, validation: Batches | None) -> bool:
        """One epoch; whether the run ends with it. A step waits for the next batch, to know if it is the last."""
        steps = batches.of(epoch)
        batch = next(steps, None)
        while batch is not None:
            gradients = self._step(batch)
            if gradients is None:
                return True
            batch = next(steps, None)
            if self._after(epoch, gradients, batch is None, validation):
                return True
        return False

    def _step(self, batch: tuple[Any, ...]) -> Any:
        """One update; the gradients, or `None` where they or the loss are not finite."""
        drawn = self.rng.bit_generator.state if self.takes_rng else None
        params, state = self.point
        value, gradients = self.vg(params, *batch, **self.keywords)
        loss = float(backends.to_numpy(value))
        if not math.isfinite(loss) or not all(map(_is_finite, flatten(gradients)[0])):
            self._failed(batch, drawn, loss)
            return None
        made = self.optimizer.update(gradients, state, params)
        self.losses.append(loss)
        self.before, self.point = self.point, made
        if self.flow is not None:
            self.flow.note(len(self.losses), gradients)
        return gradients

    def _after(self, epoch: int, gradients: Any, last: bool, validation: Batches | None) -> bool:
        """What follows a step: validation at the end of an epoch, callbacks, display. Whether a callback stops it."""
        checked = None
        if last:
            self.done = epoch + 1
            if validation is not None:
                checked = self._validate(validation)
                self.checks.append(checked)
        if self.interrupts.asked:
            raise KeyboardInterrupt
        step, loss = len(self.losses), self.losses[-1]
        self.display.advance(step, loss)
        if self.callbacks:
            now = Progress(epoch + 1, step, loss, self.point[0], gradients, last, checked)
            for callback in self.callbacks:
                if callback(now) is True:
                    self.stopped = CALLBACK
        return bool(self.stopped)

    def _validate(self, validation: Batches) -> float:
        keywords = self.keywords | ({"training": False} if self.takes_training else {})
        (batch,) = validation.of(0)
        return float(backends.to_numpy(self.loss(self.point[0], *batch, **keywords)))

    def _failed(self, batch: tuple[Any, ...], drawn: Any, loss: float) -> None:
        """Stop at a NaN: say where it began, and go back to finite parameters."""
        self.stopped = NONFINITE
        step = len(self.losses) + 1
        what = f"the loss is {loss}" if not math.isfinite(loss) else "a gradient is not finite"
        if not all(map(_is_finite, map(backends.to_numpy, flatten(self.point[0])[0]))):
            self.point = self.before
            self.reason = f"step {step}: {what}, as the update of step {step - 1} made the parameters overflow"
            return
        if drawn is not None:
            self.rng.bit_generator.state = drawn  # the same random numbers as in the step that failed
        self.report = report = _why_nan(self.loss, self.point[0], batch, self.keywords, self.root)
        why = report.verdict if report.severity == "error" else "it does not come back when repeated"
        self.reason = f"step {step}: {what}: {why}"
        if self.losses and self.losses[-1] > GROWN * min(self.losses):
            grown = f"from {min(self.losses):.4g} to {self.losses[-1]:.4g}"
            self.reason += f"; the loss had grown {grown} before, so the learning rate may be too large"

    def _reason(self) -> str:
        step = len(self.losses)
        loss = f", loss {self.losses[-1]:.4g}" if self.losses else ""
        return {
            FINISHED: f"{_counted(step, 'step')} in {_counted(self.done, 'epoch')}{loss}",
            INTERRUPTED: f"interrupted after {_counted(step, 'step')}{loss}",
            CALLBACK: f"stopped by a callback after {_counted(step, 'step')}{loss}",
            "": f"epoch {self.done + 1} of {self.epochs}, step {step:,}{loss}",
        }.get(self.stopped, "")

    def result(self) -> Fit:
        """What was reached."""
        params, state = self.point
        del self.losses[state.step - self.first :]  # of a step that an interrupt cut short
        flow = tuple(self.flow.document()) if self.flow is not None and self.losses else ()
        losses, checks = numpy.array(self.losses, float), numpy.array(self.checks, float)
        reason = self.reason or self._reason()
        return Fit(params, losses, self.done, len(self.losses), self.stopped, reason, state, checks, self.report, flow)

    def document(self, bar: str) -> dict[str, Any]:
        """What is shown while the run goes on, and at its end."""
        return self.result().document(bar)


def _parameters(loss: Callable[..., Any]) -> list[str]:
    try:
        return list(inspect.signature(loss).parameters)
    except (TypeError, ValueError):
        return []


def _is_finite(x: Any) -> bool:
    """Whether all elements are finite: by a sum of squares, and one by one where that overflows."""
    if type(x) is float:
        return math.isfinite(x)
    x = backends.to_numpy(x)
    if not isinstance(x, numpy.ndarray):
        return bool(numpy.isfinite(x))
    if x.dtype.kind not in "fc":
        return True
    flat = x.reshape(-1)
    with numpy.errstate(all="ignore"):
        if math.isfinite(numpy.vdot(flat, flat).real):
            return True
    return bool(numpy.isfinite(flat).all())


def _why_nan(loss: Callable[..., Any], params: Any, batch: tuple[Any, ...], keywords: dict[str, Any], root: str) -> Any:
    """The report on one batch; only the parameters are inputs, under the name that the loss has for them."""
    from ..diagnose.nan_origin import why_nan

    @functools.wraps(loss)
    def of_params(given: Any) -> Any:
        return loss(given, *batch, **keywords)

    named = inspect.Parameter(root, inspect.Parameter.POSITIONAL_ONLY)
    of_params.__signature__ = inspect.Signature([named])  # type: ignore[attr-defined]
    return why_nan(of_params, params)
