"""Curves against the iteration count, as pictures; matplotlib draws them."""

from itertools import cycle
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import check_is_fitted

from sk_neuron._classifier import SigmoidNeuronClassifier
from sk_neuron._classifier_cv import SigmoidNeuronClassifierCV

# Colours that the colour-blind tell apart (M. Okabe and K. Ito, "Color universal design",
# 2008), each with a style and a marker for those who print in grey.
_LOOKS = [
    ("#0072B2", "-", "o"),
    ("#E69F00", "--", "s"),
    ("#009E73", "-.", "^"),
    ("#D55E00", ":", "D"),
    ("#CC79A7", "-", "v"),
    ("#000000", "--", "P"),
]


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
        search = find_neuron(cls, estimator, SigmoidNeuronClassifierCV)
        check_is_fitted(search, "scores_")
        chosen = search._noise_index
        display = cls(
            iters=search.iters_,
            scores=np.swapaxes(search.scores_[:, :, chosen], 0, 1),
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
        ax = open_axes(self, ax)
        iters, alphas = np.asarray(self.iters), np.asarray(self.alphas)
        scores = np.asarray(self.scores)
        scores = scores[:, ~np.isnan(scores).all(axis=(0, 2))]  # folds that have failed
        mean, spread = scores.mean(axis=1), scores.std(axis=1)
        self.lines_, self.bands_ = [], []
        for alpha, center, width, (color, style, _) in zip(
            alphas, mean, spread, cycle(_LOOKS), strict=False
        ):
            (line,) = ax.plot(iters, center, style, color=color, label=f"alpha = {alpha:g}")
            band = ax.fill_between(
                iters, center - width, center + width, color=color, alpha=0.2
            )
            self.lines_.append(line)
            self.bands_.append(band)
        best = np.flatnonzero(alphas == self.alpha)[0]
        (self.chosen_,) = ax.plot(
            self.n_iter,
            mean[best, np.flatnonzero(iters == self.n_iter)[0]],
            "o",
            color=self.lines_[best].get_color(),
            markeredgecolor="black",
            label=f"chosen: {self.n_iter} iterations",
        )
        _scale_iters(ax, iters)
        ax.set(ylabel=f"{self.score_name}, held out")
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self


class LossCurveDisplay:
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

    def __init__(
        self,
        *,
        loss_curve: ArrayLike,
        validation_loss_curve: ArrayLike | None = None,
        best_n_iter: int | None = None,
        learning_rate_curve: ArrayLike | None = None,
    ) -> None:
        self.loss_curve = loss_curve
        self.validation_loss_curve = validation_loss_curve
        self.best_n_iter = best_n_iter
        self.learning_rate_curve = learning_rate_curve

    @classmethod
    def from_estimator(
        cls,
        estimator: SigmoidNeuronClassifier | SigmoidNeuronClassifierCV | Pipeline,
        *,
        show_step_sizes: bool = False,
        ax: Any = None,
    ) -> Self:
        """Draw how the fit of an estimator went.

        Parameters
        ----------
        estimator : SigmoidNeuronClassifier, SigmoidNeuronClassifierCV or Pipeline
            The fitted estimator; a Pipeline ends with one of the two.

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
        ValueError
            If step sizes are asked for and the estimator has no `learning_rate_curve_`.
        ImportError
            If matplotlib is missing.
        """
        neuron = find_neuron(
            cls, estimator, SigmoidNeuronClassifier, SigmoidNeuronClassifierCV
        )
        check_is_fitted(neuron, "loss_curve_")
        if show_step_sizes and not hasattr(neuron, "learning_rate_curve_"):
            raise ValueError(
                f"This {type(neuron).__name__} has no learning_rate_curve_, the step "
                "sizes to show. Fit it again with this version of sk-neuron."
            )
        display = cls(
            loss_curve=neuron.loss_curve_,
            validation_loss_curve=getattr(neuron, "validation_loss_curve_", None),
            best_n_iter=getattr(neuron, "best_n_iter_", None),
            learning_rate_curve=getattr(neuron, "learning_rate_curve_", None),
        )
        return display.plot(ax=ax, show_step_sizes=show_step_sizes)

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
        losses = np.asarray(self.loss_curve)
        (color, style, _), (color_validation, style_validation, _) = _LOOKS[:2]
        (self.line_,) = ax.plot(
            np.arange(len(losses)), losses, style, color=color, label="training"
        )
        self.validation_line_ = self.best_ = None
        if self.validation_loss_curve is not None:
            losses = np.asarray(self.validation_loss_curve)
            (self.validation_line_,) = ax.plot(
                np.arange(len(losses)),
                losses,
                style_validation,
                color=color_validation,
                label="validation",
            )
        if self.validation_line_ and self.best_n_iter is not None:
            (self.best_,) = ax.plot(
                self.best_n_iter,
                losses[self.best_n_iter],
                "o",
                color=self.validation_line_.get_color(),
                markeredgecolor="black",
                label=f"best: {self.best_n_iter} iterations",
            )
        _scale_iters(ax, [0])
        ax.set(ylabel="Brier score")
        self.step_ax_, self.step_lines_ = None, []
        if sizes is not None:
            self.step_ax_ = ax.twinx()
            self.step_lines_ = self._draw_step_sizes(self.step_ax_, sizes)
            ax.set_zorder(self.step_ax_.get_zorder() + 1)
            ax.patch.set_visible(False)  # else it would hide what is behind
        lines = [self.line_, self.validation_line_, self.best_, *self.step_lines_[:1]]
        ax.legend(
            handles=[line for line in lines if line is not None],
            loc="best" if sizes is None else "center left",  # where no curve begins or ends
        )
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _check_step_sizes(self):
        """Return the step sizes as (n_iter, n_labels), or (n_iter, 1)."""
        if self.learning_rate_curve is None:
            raise ValueError(
                "show_step_sizes=True needs the step sizes: pass learning_rate_curve to "
                "LossCurveDisplay, or make it by from_estimator."
            )
        sizes = np.asarray(self.learning_rate_curve, np.float64)
        if sizes.ndim not in (1, 2):
            raise ValueError(
                "The learning_rate_curve must have the shape (n_iter,) or (n_iter, "
                f"n_labels). Got {sizes.shape} instead."
            )
        check_consistent_length(self.loss_curve, sizes)
        return sizes[:, np.newaxis] if sizes.ndim == 1 else sizes

    @staticmethod
    def _draw_step_sizes(ax, sizes):
        """Draw step sizes (n_iter, n_labels) and return their lines."""
        n_labels = sizes.shape[1]
        lines = ax.plot(
            np.arange(len(sizes)),
            sizes,
            color=_LOOKS[2][0],
            linewidth=0.7,  # thinner than the loss, from which it is told in grey, too
            drawstyle="steps-post",
            label="step size" if n_labels == 1 else f"step sizes, {n_labels} labels",
        )
        ax.set_yscale("log", base=2)
        ax.set(ylabel="step size")
        return lines


class WeightPathDisplay:
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

    def __init__(
        self,
        *,
        iters: ArrayLike,
        coefs: ArrayLike,
        feature_names: ArrayLike | None = None,
        neuron_name: str = "",
    ) -> None:
        self.iters = iters
        self.coefs = coefs
        self.feature_names = feature_names
        self.neuron_name = neuron_name

    @classmethod
    def from_estimator(
        cls,
        estimator: SigmoidNeuronClassifier | Pipeline,
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
        neuron = find_neuron(
            cls, estimator, SigmoidNeuronClassifier, SigmoidNeuronClassifierCV
        )
        check_is_fitted(neuron, "coef_")
        if not hasattr(neuron, "checkpoint_coefs_"):
            raise ValueError(
                "WeightPathDisplay needs weights on the way, and the fit has kept none: "
                "fit a SigmoidNeuronClassifier with checkpoints=[...], the iteration "
                "counts to keep, or pass what iteration_path returns."
            )
        index = find_class(neuron, class_of_interest)
        column, sign = select_column(neuron, index)
        display = cls(
            iters=neuron.checkpoint_iters_,
            coefs=sign * neuron.checkpoint_coefs_[:, column],
            feature_names=name_features(estimator, neuron),
            neuron_name=name_class(neuron, index),
        )
        return display.plot(ax=ax)

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
        names = [f"x{j}" for j in range(coefs.shape[1])]
        if self.feature_names is not None:
            names = [str(name) for name in np.asarray(self.feature_names)]
        order = np.argsort(-np.ptp(coefs, axis=0), kind="stable")
        moving, others = order[: len(_LOOKS)], order[len(_LOOKS) :]
        moving = moving[np.argsort(-coefs[-1, moving], kind="stable")]
        self.other_lines_ = []
        if len(others):
            self.other_lines_ = ax.plot(iters, coefs[:, others], color="0.75", lw=0.6)
        self.lines_ = []
        for k, (j, (color, style, marker)) in enumerate(zip(moving, _LOOKS, strict=False)):
            (line,) = ax.plot(
                iters,
                coefs[:, j],
                style,
                color=color,
                marker=marker,
                markersize=4.5,
                markevery=(0.025 * k, 0.15) if len(iters) > 1 else 1,  # of the diagonal
                label=names[j],
            )
            self.lines_.append(line)
        _scale_iters(ax, iters)
        ax.set(ylabel=f"weight, {self.neuron_name}" if self.neuron_name else "weight")
        ax.yaxis.label.set_parse_math(False)
        self._name_lines(ax, [names[j] for j in moving])
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _name_lines(self, ax, names):
        n_others = len(self.other_lines_)
        if n_others:
            names = [*names, f"{n_others} other{'s' if n_others > 1 else ''}"]
        lines = [*self.lines_, *self.other_lines_[:1]]
        legend = ax.legend(lines, [str(k) for k in range(len(lines))])
        # Set as they are: a name may hold a $, or begin with the _ that hides a label.
        for text, name in zip(legend.get_texts(), names, strict=True):
            text.set(text=name, parse_math=False)


def find_neuron(display, estimator, *kinds):
    """Return the estimator of one of some kinds, which a Pipeline may end with."""
    neuron = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    if not isinstance(neuron, kinds):
        names = " or a ".join(kind.__name__ for kind in kinds)
        raise TypeError(
            f"{display.__name__} shows a {names}, or a Pipeline that ends with one. "
            f"Got {type(neuron).__name__} instead."
        )
    return neuron


def find_class(neuron, class_of_interest):
    """Return the index of a class, or of a label; None is the only one there is to draw."""
    classes = neuron.classes_.tolist()
    if class_of_interest is None:
        if len(neuron.coef_) > 1:
            kind = "label" if neuron._multilabel else "class"
            raise ValueError(
                f"There are weights for each {kind}: pass class_of_interest, one of "
                f"{neuron.classes_}."
            )
        return len(classes) - 1  # of two classes the second
    if not np.isscalar(class_of_interest) or class_of_interest not in classes:
        raise ValueError(
            f"class_of_interest={class_of_interest!r} is not a valid label: It should be "
            f"one of {neuron.classes_}"
        )
    return classes.index(class_of_interest)


def name_class(neuron, index):
    """Return what a class, or a label, is called."""
    return f"{'label' if neuron._multilabel else 'class'} {neuron.classes_[index]}"


def select_column(neuron, index):
    """Return the row of `coef_` that answers for a class, and the sign to take it with.

    Of two classes the first has the weights of the second with the opposite sign.
    """
    if len(neuron.classes_) == 2 and not neuron._multilabel:
        return 0, 1 if index else -1
    return index, 1


def find_steps_before(estimator):
    """Return what comes before the neuron in a Pipeline, None if nothing does."""
    if isinstance(estimator, Pipeline) and len(estimator) > 1:
        return estimator[:-1]
    return None


def name_features(estimator, neuron):
    """Return the names of what reaches the neuron, x0, x1 and so on without any."""
    if hasattr(neuron, "feature_names_in_"):
        return neuron.feature_names_in_
    if steps := find_steps_before(estimator):
        try:
            names = steps.get_feature_names_out()
        except (AttributeError, ValueError):  # of a step that does not name what it returns
            names = None
        if names is not None:  # as of "passthrough" on an array
            return names
    return np.array([f"x{j}" for j in range(neuron.n_features_in_)], dtype=object)


def open_axes(display, ax):
    """Return the axes to draw on, new ones if None."""
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{type(display).__name__}.plot needs matplotlib: pip install sk-neuron[plot]"
        ) from error
    return plt.subplots()[1]


def _scale_iters(ax, iters):
    if iters[0] == 0:  # the start, which a logarithm cannot show
        ax.set_xscale("symlog", linthresh=1)
    else:
        ax.set_xscale("log")
    ax.set(xlabel="iterations")


def _name_score(scoring):
    if callable(scoring):
        return "score"
    words = (scoring or "neg_brier_score").replace("_", " ")
    return words.replace("neg ", "minus ").replace("brier", "Brier")
