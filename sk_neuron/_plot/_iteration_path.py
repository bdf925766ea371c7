"""The score of a search against the iteration count."""

from dataclasses import dataclass
from itertools import cycle
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from sk_neuron._classifier_cv import SigmoidNeuronClassifierCV
from sk_neuron._model_selection._choice import drop_failed
from sk_neuron._plot._axes import LINE_LOOKS, mark_point, open_axes, scale_iterations
from sk_neuron._plot._estimator import find_neuron


@dataclass(kw_only=True, eq=False, repr=False)
class IterationPathDisplay:  # numpydoc ignore=PR02
    """The cross-validated score against the iteration count, a line for each alpha.

    Made by `from_estimator`; the parameters become attributes.

    Parameters
    ----------
    iters : array-like of shape (n_iters,)
        The iteration counts, rising.

    scores : array-like of shape (n_alphas, n_folds, n_iters)
        The score of each alpha, fold and count.

    alphas : array-like of shape (n_alphas,)
        The strengths of weight decay.

    n_iter : int
        The count chosen.

    alpha : float
        The alpha chosen.

    score_name : str, default="score"
        What the scores are, for the axis.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is drawn. This and what follows is there after `plot`.

    figure_ : matplotlib Figure
        The figure of the axes.

    lines_ : list of matplotlib Line2D
        The mean score of each alpha.

    bands_ : list of matplotlib collections
        One standard deviation over the folds to each side of it.

    chosen_ : matplotlib Line2D
        The mark at the count and alpha chosen.

    See Also
    --------
    SigmoidNeuronClassifierCV : The search that it shows.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sk_neuron import IterationPathDisplay, SigmoidNeuronClassifierCV
    >>> neuron = SigmoidNeuronClassifierCV(alphas=[0.0, 1.0], scoring="accuracy")
    >>> neuron = neuron.fit(*load_iris(return_X_y=True))
    >>> display = IterationPathDisplay.from_estimator(neuron)
    >>> [line.get_label() for line in display.lines_]
    ['alpha = 0', 'alpha = 1']
    """

    iters: ArrayLike
    scores: ArrayLike
    alphas: ArrayLike
    n_iter: int
    alpha: float
    score_name: str = "score"

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None) -> Self:
        """Draw the search of a fitted estimator.

        Folds that it left out of the mean are not drawn.

        Parameters
        ----------
        estimator : SigmoidNeuronClassifierCV or Pipeline that ends with one
            The fitted estimator.

        ax : matplotlib Axes, default=None
            Where to draw; new axes if None.

        Returns
        -------
        display : IterationPathDisplay
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
        search = find_neuron(cls, estimator, "scores_", (SigmoidNeuronClassifierCV,))
        scores = drop_failed(search.scores_)[:, :, search._noise_index]
        return cls(
            iters=search.iters_,
            scores=np.swapaxes(scores, 0, 1),
            alphas=search.alphas_,
            n_iter=search.n_iter_,
            alpha=search.alpha_,
            score_name=_name_score(search.scoring),
        ).plot(ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw the mean scores, their spread over folds and the choice.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; new axes if None.

        Returns
        -------
        display : IterationPathDisplay
            The display itself.

        Raises
        ------
        ValueError
            If `scores` does not have its shape, or if `n_iter` or `alpha` is not among
            those considered.
        ImportError
            If matplotlib is missing.
        """
        iters, alphas, scores = self._check_scores()
        ax = open_axes(self, ax)
        scores = scores[:, ~np.isnan(scores).all(axis=(0, 2))]  # folds that have failed
        mean, spread = scores.mean(axis=1), scores.std(axis=1)
        self.lines_, self.bands_ = [], []
        for alpha, center, width, (color, style, _) in zip(
            alphas, mean, spread, cycle(LINE_LOOKS), strict=False
        ):
            label = f"alpha = {alpha:g}"
            self.lines_ += ax.plot(iters, center, style, color=color, label=label)
            low, high = center - width, center + width
            self.bands_.append(ax.fill_between(iters, low, high, color=color, alpha=0.2))
        best = self.lines_[np.flatnonzero(alphas == self.alpha)[0]]
        index = np.flatnonzero(iters == self.n_iter)[0]
        self.chosen_ = mark_point(best, index, f"chosen: {self.n_iter} iterations")
        scale_iterations(ax, iters[0])
        ax.set(ylabel=f"{self.score_name}, held out")
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _check_scores(self):
        """Return the counts, the alphas and the scores as arrays."""
        iters, alphas, scores = map(np.asarray, (self.iters, self.alphas, self.scores))
        if scores.ndim != 3 or scores.shape[::2] != (alphas.size, iters.size):
            raise ValueError(
                "The scores must have the shape (n_alphas, n_folds, n_iters), here "
                f"({alphas.size}, n_folds, {iters.size}). Got {scores.shape} instead."
            )
        for name, value, known in (
            ("n_iter", self.n_iter, iters),
            ("alpha", self.alpha, alphas),
        ):
            if value not in known:
                raise ValueError(f"{name}={value!r} is not one of {known.tolist()}.")
        return iters, alphas, scores


def _name_score(scoring):
    if callable(scoring):
        return "score"
    words = (scoring or "accuracy").replace("_", " ")
    return words.replace("neg ", "minus ").replace("brier", "Brier")
