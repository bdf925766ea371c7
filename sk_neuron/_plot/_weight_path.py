"""The weights of a neuron, or of a class, against the iteration count."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_array, check_consistent_length

from sk_neuron._kernels import as_numpy
from sk_neuron._plot._axes import LINE_LOOKS, open_axes, scale_iterations
from sk_neuron._plot._estimator import find_column, find_neuron, list_names, name_features


@dataclass(kw_only=True, eq=False, repr=False)
class WeightPathDisplay:  # numpydoc ignore=PR02
    """The weights of a neuron, or of one class of a layer, against the iteration count.

    Up to six weights that move most have names and looks of their own; the others are
    grey. Made by `from_estimator`, or from what `iteration_path` returns; the parameters
    become attributes.

    Parameters
    ----------
    iters : array-like of shape (n_iters,)
        The iteration counts, rising; of a warm start, those of its last fit.

    coefs : array-like of shape (n_iters, n_features)
        The weights of one neuron or one class at each count.

    feature_names : array-like of shape (n_features,), default=None
        The names of the features; x0, x1 and so on if None.

    neuron_name : str, default=""
        What the weights answer for, for the axis.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is drawn. This and what follows is there after `plot`.

    figure_ : matplotlib Figure
        The figure of the axes.

    lines_ : list of matplotlib Line2D
        The weights that move most, by their last value, the largest first.

    other_lines_ : list of matplotlib Line2D
        All other weights.

    See Also
    --------
    iteration_path : The weights at many iteration counts.
    NeuronDisplay : The neuron or the layer at the end of the path.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sk_neuron import WeightPathDisplay, iteration_path
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> iters, coefs, _ = iteration_path(X, y, iters=[0, 1, 10, 100, 1000])
    >>> display = WeightPathDisplay(
    ...     iters=iters, coefs=coefs[:, 0], feature_names=X.columns, neuron_name="setosa")
    >>> [line.get_label() for line in display.plot().lines_]
    ['sepal width (cm)', 'sepal length (cm)', 'petal width (cm)', 'petal length (cm)']
    """

    iters: ArrayLike
    coefs: ArrayLike
    feature_names: ArrayLike | None = None
    neuron_name: str = ""

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        class_of_interest: Any = None,
        ax: Any = None,
    ) -> Self:
        """Draw the weights that an estimator has kept at its `checkpoints`.

        Parameters
        ----------
        estimator : SigmoidNeuronClassifier or Pipeline that ends with one
            The estimator, fitted with `checkpoints`.

        class_of_interest : int, float, bool or str, default=None
            The class whose weights are drawn, or for multilabel `y` the index of the label.
            It may be None if there are two classes, and is ``classes_[1]`` then; the
            weights of ``classes_[0]`` are the same with the opposite sign.

        ax : matplotlib Axes, default=None
            Where to draw; new axes if None.

        Returns
        -------
        display : WeightPathDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator is of another kind.
        NotFittedError
            If it is not fitted.
        ValueError
            If it has kept no weights, if `class_of_interest` is not a class or label of the
            estimator, or if it is None and there are several columns of weights.
        ImportError
            If matplotlib is missing.
        """
        neuron = find_neuron(cls, estimator, "coef_")
        if not hasattr(neuron, "checkpoint_coefs_"):
            raise ValueError(
                "WeightPathDisplay needs weights on the way, and the fit has kept none: "
                "fit a SigmoidNeuronClassifier with checkpoints=[...], the iteration "
                "counts to keep, or pass what iteration_path returns."
            )
        column, sign, name = find_column(neuron, class_of_interest)
        return cls(
            iters=as_numpy(neuron.checkpoint_iters_),
            coefs=sign * as_numpy(neuron.checkpoint_coefs_)[:, column],
            feature_names=name_features(estimator, neuron),
            neuron_name=name,
        ).plot(ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw the weights, and name those that move most.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; new axes if None.

        Returns
        -------
        display : WeightPathDisplay
            The display itself.

        Raises
        ------
        ValueError
            If `coefs` is not (n_iters, n_features), or holds a number that is not finite.
        ImportError
            If matplotlib is missing.
        """
        coefs = check_array(self.coefs, input_name="coefs")
        check_consistent_length(self.iters, coefs)
        check_consistent_length(self.feature_names, coefs.T)
        ax = open_axes(self, ax)
        iters = np.asarray(self.iters)
        names = list_names(self.feature_names, coefs.shape[1])
        order = np.argsort(-np.ptp(coefs, axis=0), kind="stable")
        moving, others = order[: len(LINE_LOOKS)], order[len(LINE_LOOKS) :]
        moving = moving[np.argsort(-coefs[-1, moving], kind="stable")]
        self.other_lines_ = []
        if len(others):
            self.other_lines_ = ax.plot(iters, coefs[:, others], color="0.75", lw=0.6)
        self.lines_ = []
        for k, (j, look) in enumerate(zip(moving, LINE_LOOKS, strict=False)):
            color, style, marker = look
            every = (0.025 * k, 0.15) if len(iters) > 1 else 1  # of the diagonal
            looks = {"color": color, "marker": marker, "markersize": 4.5, "label": names[j]}
            self.lines_ += ax.plot(iters, coefs[:, j], style, markevery=every, **looks)
        scale_iterations(ax, iters[0])
        ax.set(ylabel=f"weight, {self.neuron_name}" if self.neuron_name else "weight")
        ax.yaxis.label.set_parse_math(False)
        names = [names[j] for j in moving]
        if n := len(others):
            names.append(f"{n} other{'s' if n > 1 else ''}")
        _write_legend(ax, [*self.lines_, *self.other_lines_[:1]], names)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _write_legend(ax, lines, names):
    """Write names as they are: one may hold a $, or begin with the _ that hides a label."""
    legend = ax.legend(lines, [str(k) for k in range(len(lines))])
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set(text=name, parse_math=False)
