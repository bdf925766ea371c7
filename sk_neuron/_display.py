"""What a search over the iteration count found, as a picture; matplotlib draws it."""

from itertools import cycle
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sk_neuron._path import SigmoidNeuronClassifierCV


class IterationPathDisplay:
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

    def __init__(
        self,
        *,
        iters: ArrayLike,
        scores: ArrayLike,
        alphas: ArrayLike,
        n_iter: int,
        alpha: float,
        score_name: str = "score",
    ) -> None:
        self.iters = iters
        self.scores = scores
        self.alphas = alphas
        self.n_iter = n_iter
        self.alpha = alpha
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls, estimator: SigmoidNeuronClassifierCV | Pipeline, *, ax: Any = None
    ) -> Self:
        """Draw the search of a fitted estimator.

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
        search = estimator[-1] if isinstance(estimator, Pipeline) else estimator
        if not isinstance(search, SigmoidNeuronClassifierCV):
            raise TypeError(
                "IterationPathDisplay shows a SigmoidNeuronClassifierCV, or a Pipeline "
                f"that ends with one. Got {type(search).__name__} instead."
            )
        check_is_fitted(search, "scores_")
        display = cls(
            iters=search.iters_,
            scores=search.scores_,
            alphas=search.alphas_,
            n_iter=search.n_iter_,
            alpha=search.alpha_,
            score_name=_name_score(search.scoring),
        )
        return display.plot(ax=ax)

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
        ImportError
            If matplotlib is missing.
        """
        try:
            import matplotlib.pyplot as plt
        except ImportError as error:
            raise ImportError(
                "IterationPathDisplay.plot needs matplotlib: pip install sk-neuron[plot]"
            ) from error

        if ax is None:
            _, ax = plt.subplots()
        iters, alphas = np.asarray(self.iters), np.asarray(self.alphas)
        scores = np.asarray(self.scores)
        scores = scores[:, ~np.isnan(scores).all(axis=(0, 2))]
        mean, spread = scores.mean(axis=1), scores.std(axis=1)
        self.lines_, self.bands_ = [], []
        styles = cycle(["-", "--", "-.", ":"])  # told apart without colours, too
        for alpha, center, width in zip(alphas, mean, spread, strict=True):
            (line,) = ax.plot(iters, center, next(styles), label=f"alpha = {alpha:g}")
            band = ax.fill_between(
                iters, center - width, center + width, color=line.get_color(), alpha=0.2
            )
            self.lines_.append(line)
            self.bands_.append(band)
        place = np.flatnonzero(alphas == self.alpha)[0]
        (self.chosen_,) = ax.plot(
            self.n_iter,
            mean[place, np.flatnonzero(iters == self.n_iter)[0]],
            "o",
            color=self.lines_[place].get_color(),
            markeredgecolor="black",
            label=f"chosen: {self.n_iter} iterations",
        )
        if iters[0] == 0:  # the start, which a logarithm cannot show
            ax.set_xscale("symlog", linthresh=1)
        else:
            ax.set_xscale("log")
        ax.set(xlabel="iterations", ylabel=f"{self.score_name}, held out")
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _name_score(scoring):
    if callable(scoring):
        return "score"
    words = (scoring or "neg_brier_score").replace("_", " ")
    return words.replace("neg ", "minus ").replace("brier", "Brier")
