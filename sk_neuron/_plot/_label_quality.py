"""The qualities of labels, and which wrong labels are suspected."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_array, check_consistent_length, column_or_1d

from sk_neuron._input_validation import refuse_masked
from sk_neuron._label_issues import check_threshold, judge_labels
from sk_neuron._plot._axes import BLUE, VERMILION, open_axes

# At most so many kinds of wrong labels have a bar.
_MAX_BARS = 10


@dataclass(kw_only=True, eq=False, repr=False)
class LabelQualityDisplay:  # numpydoc ignore=PR02
    """The sorted qualities of labels with the threshold, and the kinds of suspected labels.

    On the left, the quality of each label, from the lowest to the highest. On the right,
    how many labels below the threshold are recorded as which class and suggested to be
    which. Made by `from_estimator`; the parameters become attributes.

    Parameters
    ----------
    label_quality : array-like of shape (n_samples,)
        The probability that each label is the true one, from 0 to 1; NaN where unknown.

    given_label : array-like of shape (n_samples,)
        The labels as they are recorded.

    suggested_label : array-like of shape (n_samples,)
        The most probable label of each row if the recorded one is wrong.

    threshold : float, default=0.5
        Labels whose quality is below this are suspected, from 0 to 1.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the qualities. This and what follows is there after `plot`.

    bar_ax_ : matplotlib Axes
        The axes of the kinds of suspected labels.

    figure_ : matplotlib Figure
        The figure of the axes.

    line_ : matplotlib Line2D
        The sorted qualities.

    threshold_line_ : matplotlib Line2D
        The threshold.

    bars_ : matplotlib BarContainer
        A bar for each kind, the most frequent first; of more than ten kinds, those.

    See Also
    --------
    find_label_issues : The suspected labels as a table.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sk_neuron import LabelQualityDisplay, SigmoidNeuronClassifierCV
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> y[:10] = 1 - y[:10]  # ten wrong labels
    >>> search = make_pipeline(
    ...     StandardScaler(), SigmoidNeuronClassifierCV(label_noises=[0.02], max_iter=30)
    ... ).fit(X, y)
    >>> display = LabelQualityDisplay.from_estimator(
    ...     search, X, y, label_quality=search[-1].label_quality_
    ... )
    >>> [text.get_text() for text in display.bar_ax_.get_yticklabels()]
    ['1 → 0', '0 → 1']
    """

    label_quality: ArrayLike
    given_label: ArrayLike
    suggested_label: ArrayLike
    threshold: float = 0.5

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike,
        *,
        label_quality: ArrayLike | None = None,
        threshold: float = 0.5,
        ax: Any = None,
    ) -> Self:
        """Draw the qualities of recorded labels.

        Parameters
        ----------
        estimator : SigmoidNeuronClassifier, SigmoidNeuronClassifierCV or Pipeline
            A fitted estimator, a Pipeline that ends with one, or a fitted search over one.

        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows, as the estimator takes them.

        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their recorded labels. Each label of a multilabel `y` counts by itself.

        label_quality : array-like of shape (n_samples,) or (n_samples, n_labels), \
                default=None
            The qualities, for example `label_quality_` of a `SigmoidNeuronClassifierCV`
            that was fitted on these rows. If None, the estimator's `label_quality`.

        threshold : float, default=0.5
            Labels whose quality is below this are suspected, from 0 to 1.

        ax : matplotlib Axes, default=None
            Where to draw, divided in two; new axes if None.

        Returns
        -------
        display : LabelQualityDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator is of another kind.
        ValueError
            If labels, qualities or the threshold do not fit.
        """
        check_threshold(threshold)
        judged = judge_labels(estimator, X, y, label_quality, cls.__name__)
        given, suggested = judged.classes[judged.given], judged.classes[judged.suggested]
        return cls(
            label_quality=judged.quality.ravel(),
            given_label=given.ravel(),
            suggested_label=suggested.ravel(),
            threshold=threshold,
        ).plot(ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw the qualities.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw, divided in two; new axes if None.

        Returns
        -------
        display : LabelQualityDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the arrays or the threshold do not fit, or if a quality is not from 0 to 1.
        """
        check_threshold(self.threshold)
        quality = self._check_quality()
        given, suggested = map(column_or_1d, (self.given_label, self.suggested_label))
        check_consistent_length(quality, given, suggested)
        ax = open_axes(self, ax)
        ax.set_axis_off()
        self.figure_ = ax.figure
        self.ax_ = ax.inset_axes((0, 0, 0.42, 1))
        self.bar_ax_ = ax.inset_axes((0.62, 0, 0.38, 1))
        order = np.argsort(quality, kind="stable")[: np.count_nonzero(~np.isnan(quality))]
        suspected = order[quality[order] < self.threshold]
        ranks = np.arange(1, len(order) + 1)
        (self.line_,) = self.ax_.plot(ranks, quality[order], color=BLUE)
        self.ax_.plot(ranks[: len(suspected)], quality[suspected], color=VERMILION)
        self.threshold_line_ = self.ax_.axhline(
            self.threshold, color="gray", linestyle="--", linewidth=1
        )
        self.ax_.set(xlabel="Labels, the worst first", ylabel="Label quality")
        self.ax_.set_ylim(-0.05, 1.05)
        self._draw_bars(given[suspected], suggested[suspected])
        return self

    def _check_quality(self):
        """Return the qualities as (n_samples,), NaN where unknown."""
        refuse_masked(self.label_quality, "label_quality")
        quality = check_array(
            self.label_quality,
            ensure_2d=False,
            ensure_all_finite="allow-nan",
            dtype=np.float64,
            input_name="label_quality",
        )
        if quality.size != len(quality):
            raise ValueError(
                "The label_quality must have the shape (n_samples,). "
                f"Got {quality.shape} instead."
            )
        if ((quality < 0) | (quality > 1)).any():
            raise ValueError("The label_quality has values outside of [0, 1].")
        return quality.ravel()

    def _draw_bars(self, given, suggested):
        """Draw a bar for each kind of suspected labels."""
        kinds = Counter(zip(given.tolist(), suggested.tolist(), strict=True))
        shown = kinds.most_common(_MAX_BARS)
        names = [f"{one} → {other}" for (one, other), _ in shown]
        counts = [count for _, count in shown]
        self.bars_ = self.bar_ax_.barh(range(len(shown)), counts, color=VERMILION)
        self.bar_ax_.bar_label(self.bars_, padding=2)
        self.bar_ax_.set_yticks(range(len(shown)), names)
        self.bar_ax_.invert_yaxis()
        self.bar_ax_.margins(x=0.15)
        n_hidden = len(kinds) - len(shown)
        title = "Given → suggested" + (f", {n_hidden} more" if n_hidden else "")
        self.bar_ax_.set(xlabel=f"Labels below {self.threshold:g}", title=title)
