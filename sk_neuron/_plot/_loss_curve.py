"""The loss of a fit, and the size of its steps, against the iteration count."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_array, check_consistent_length

from sk_neuron._kernels import as_numpy
from sk_neuron._plot._axes import GREEN, LINE_LOOKS, mark_point, open_axes, scale_iterations
from sk_neuron._plot._estimator import find_neuron


@dataclass(kw_only=True, eq=False, repr=False)
class LossCurveDisplay:  # numpydoc ignore=PR02
    """The Brier score against the iteration count, on the rows that a fit has seen.

    It is about the labels as recorded, also after a fit that was told of label noise. If
    asked, also the size of each step, on an axis of its own. Made by `from_estimator`; the
    parameters become attributes.

    Parameters
    ----------
    loss_curve : array-like of shape (n_iter,)
        The Brier score on the training rows; entry t is that after t steps.

    validation_loss_curve : array-like of shape (n_iter + 1,), default=None
        The same on the validation rows; NaN where it is not known.

    best_n_iter : int, default=None
        The step whose weights are best on the validation rows.

    learning_rate_curve : array-like of shape (n_iter,) or (n_iter, n_labels), \
            default=None
        The size of each step; entry t is that of the step from count t to t + 1. Only the
        labels of a multilabel fit have step sizes of their own.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is drawn. This and what follows is there after `plot`.

    figure_ : matplotlib Figure
        The figure of the axes.

    line_ : matplotlib Line2D
        The score on the training rows.

    validation_line_ : matplotlib Line2D or None
        The score on the validation rows, None without any.

    best_ : matplotlib Line2D or None
        The mark at the best step, None without validation rows.

    step_ax_ : matplotlib Axes or None
        The axes of the step sizes, which share the iteration counts with `ax_`; None
        without ``show_step_sizes=True``.

    step_lines_ : list of matplotlib Line2D
        The step sizes, one line, or one for each label of a multilabel fit; empty without
        ``show_step_sizes=True``.

    See Also
    --------
    SigmoidNeuronClassifier : What is trained; its `early_stopping` keeps the best step.
    WeightPathDisplay : The weights against the iteration count.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sk_neuron import LossCurveDisplay, SigmoidNeuronClassifier
    >>> neuron = SigmoidNeuronClassifier(early_stopping=True, random_state=0)
    >>> neuron = neuron.fit(*load_iris(return_X_y=True))
    >>> display = LossCurveDisplay.from_estimator(neuron)
    >>> display.best_.get_xdata().tolist() == [neuron.best_n_iter_]
    True

    The step sizes, which the three classes share:

    >>> display = LossCurveDisplay.from_estimator(neuron, show_step_sizes=True)
    >>> len(display.step_lines_), display.step_ax_.get_yscale()
    (1, 'log')
    """

    loss_curve: ArrayLike
    validation_loss_curve: ArrayLike | None = None
    best_n_iter: int | None = None
    learning_rate_curve: ArrayLike | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        show_step_sizes: bool = False,
        ax: Any = None,
    ) -> Self:
        """Draw how the fit of an estimator went.

        Parameters
        ----------
        estimator : SigmoidNeuronClassifier, SigmoidNeuronClassifierCV or Pipeline
            The fitted estimator; a Pipeline may end with it, and a fitted search have it.

        show_step_sizes : bool, default=False
            Whether to draw the size of each step as well, as `plot` does.

        ax : matplotlib Axes, default=None
            Where to draw; new axes if None.

        Returns
        -------
        display : LossCurveDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator is of another kind.
        NotFittedError
            If it is not fitted.
        ImportError
            If matplotlib is missing.
        """
        neuron = find_neuron(cls, estimator, "loss_curve_")
        return cls(
            loss_curve=as_numpy(neuron.loss_curve_),
            validation_loss_curve=as_numpy(getattr(neuron, "validation_loss_curve_", None)),
            best_n_iter=getattr(neuron, "best_n_iter_", None),
            learning_rate_curve=as_numpy(neuron.learning_rate_curve_),
        ).plot(ax, show_step_sizes=show_step_sizes)

    def plot(self, ax: Any = None, *, show_step_sizes: bool = False) -> Self:
        """Draw the curves and mark the best step.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; new axes if None.

        show_step_sizes : bool, default=False
            Whether to draw the size of each step as well, on a second axis to the right.
            Its scale is logarithmic, to the base 2: the sizes of an adaptive fit differ by
            powers of two.

        Returns
        -------
        display : LossCurveDisplay
            The display itself.

        Raises
        ------
        ValueError
            If step sizes are asked for, and `learning_rate_curve` is None or does not have
            one row for each entry of `loss_curve`.
        ImportError
            If matplotlib is missing.
        """
        sizes = self._check_step_sizes() if show_step_sizes else None
        ax = open_axes(self, ax)
        self.line_ = _draw_losses(ax, self.loss_curve, LINE_LOOKS[0], "training")
        self.validation_line_ = self.best_ = None
        if self.validation_loss_curve is not None:
            line = _draw_losses(ax, self.validation_loss_curve, LINE_LOOKS[1], "validation")
            self.validation_line_ = line
            if self.best_n_iter is not None:
                label = f"best: {self.best_n_iter} iterations"
                self.best_ = mark_point(line, self.best_n_iter, label)
        scale_iterations(ax, start=0)
        ax.set(ylabel="Brier score")
        self.step_ax_, self.step_lines_ = None, []
        if sizes is not None:
            self.step_ax_ = ax.twinx()
            self.step_lines_ = _draw_step_sizes(self.step_ax_, sizes)
            ax.set_zorder(self.step_ax_.get_zorder() + 1)
            ax.patch.set_visible(False)  # else it would hide what is behind
        lines = [self.line_, self.validation_line_, self.best_, *self.step_lines_[:1]]
        where = "best" if sizes is None else "center left"  # where no curve begins or ends
        ax.legend(handles=list(filter(None, lines)), loc=where)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _check_step_sizes(self):
        if self.learning_rate_curve is None:
            raise ValueError(
                "show_step_sizes=True needs the step sizes: pass learning_rate_curve to "
                "LossCurveDisplay, or make it by from_estimator."
            )
        sizes = check_array(self.learning_rate_curve, ensure_2d=False, ensure_min_samples=0)
        check_consistent_length(self.loss_curve, sizes)
        return sizes


def _draw_losses(ax, losses, look, label):
    """Draw a loss curve and return its line."""
    losses, (color, style, _) = np.asarray(losses), look
    (line,) = ax.plot(np.arange(len(losses)), losses, style, color=color, label=label)
    return line


def _draw_step_sizes(ax, sizes):
    """Draw step sizes (n_iter,) or (n_iter, n_labels) and return their lines."""
    # thinner than the loss, from which they differ in grey, too
    looks = {"color": GREEN, "linewidth": 0.7, "drawstyle": "steps-post"}
    lines = ax.plot(np.arange(len(sizes)), sizes, **looks)
    labels = "step size" if sizes.ndim == 1 else f"step sizes, {len(lines)} labels"
    lines[0].set_label(labels)
    ax.set_yscale("log", base=2)
    ax.set(ylabel="step size")
    return lines
