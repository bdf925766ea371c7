"""A neuron or a softmax layer as its textbook diagram."""

from dataclasses import dataclass
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse
from scipy.special import expit, logsumexp
from sklearn.utils import check_array, check_consistent_length

from sk_neuron._base import split_estimator
from sk_neuron._input_validation import read_data
from sk_neuron._kernels import as_numpy, check_raw_prediction
from sk_neuron._kernels._formulas import softmax
from sk_neuron._plot._axes import open_axes
from sk_neuron._plot._estimator import find_column, find_neuron, name_features
from sk_neuron._plot._neuron_drawing import Diagram

# How many are drawn at most.
_MAX_INPUTS = 20
_MAX_CLASSES = 10


@dataclass(kw_only=True, eq=False, repr=False)
class NeuronDisplay:  # numpydoc ignore=PR02
    """A neuron or a softmax layer as a diagram: inputs, weights, sums and outputs.

    A sigmoid neuron has inputs, their weights, the sum z, the sigmoid and the output. A
    softmax layer is drawn as a whole, with a sum and a probability for each class, or one
    class of it is drawn like a neuron, with the softmax instead of the sigmoid.

    Made by `from_estimator`; the parameters become attributes. A positive weight is a
    solid blue line, a negative one a dashed orange line; the larger, the wider. It is laid
    out for the size that the axes have when it is drawn.

    Parameters
    ----------
    coef : array-like of shape (n_features,) or (n_classes, n_features)
        The weights of a neuron, or of a softmax layer; finite. One row of weights is a
        neuron, too. Of more than 20 features those with the strongest weights are drawn.

    intercept : float or array-like of shape (n_classes,), default=None
        The intercept of the neuron, or one for each class; None without any.

    feature_names : array-like of shape (n_features,), default=None
        The names of the features; x0, x1 and so on if None.

    neuron_name : str or array-like of shape (n_classes,), default=None
        What the neuron answers for, or the classes of the layer. If None, "output" for a
        neuron, and 0, 1 and so on for a layer.

    class_index : int, default=None
        The row of `coef` whose class is drawn. None draws the neuron or the whole layer. Of
        a layer with more than 10 classes the most probable are drawn, or those with the
        strongest weights if there are no values.

    values : array-like of shape (n_features,), default=None
        The values of a row. Without them symbols stand for what depends on a row.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is drawn. This and what follows is there after `plot`.

    figure_ : matplotlib Figure
        The figure of the axes.

    drawn_ : ndarray of int of shape (n_inputs,)
        The indices of the features that are drawn.

    drawn_classes_ : ndarray of int
        The indices of the rows of `coef` that are drawn; 0 for a neuron.

    raw_prediction_ : float, ndarray of shape (n_classes,) or None
        The weighted sum z of the values, for the whole layer that of each class. None
        without values.

    probability_ : float, ndarray of shape (n_classes,) or None
        The output: the sigmoid of z, or of a layer the softmax of the z of all classes.
        None without values.

    inputs_ : list of matplotlib Patch
        The inputs drawn, and last the constant 1 if there is an intercept. So it is for
        the names and values.

    names_ : list of matplotlib Text
        The names of the inputs.

    values_ : list of matplotlib Text
        The values of the inputs, or their symbols.

    edges_ : list of matplotlib Line2D
        The weights as lines, one for each input; for the whole layer those of the first
        class drawn, then those of the next.

    numbers_ : list of matplotlib Text
        The weights as numbers, one for each input; empty for the whole layer.

    more_ : matplotlib Text or None
        How many inputs are not drawn, None if all are.

    more_classes_ : matplotlib Text or None
        How many classes are not drawn, None if all are or only one is asked for.

    sums_ : list of matplotlib Text
        What is written in the sums: z for the whole layer, if there are values.

    outputs_ : list of matplotlib Text
        What is written in the outputs: probabilities for the whole layer, if there are
        values.

    curve_ : matplotlib Line2D or None
        The sigmoid: the probability against its log odds; None for the whole layer.

    point_ : matplotlib Line2D or None
        The mark on it at the probability, None without values and for the whole layer.

    bars_ : list of matplotlib Patch
        The probabilities of the classes drawn as bars, for the whole layer with values.

    captions_ : list of matplotlib Text
        For a neuron or one class, what is written above the sum, the function and the
        output, and last how many other classes the softmax takes into account. For the
        whole layer, the names of the classes drawn.

    See Also
    --------
    SigmoidNeuronClassifier : The estimator that is drawn.
    WeightPathDisplay : How the weights came about.

    Examples
    --------
    >>> from sk_neuron import NeuronDisplay, SigmoidNeuronClassifier
    >>> article = {"max_iter": 10_000, "learning_rate": 1.0, "fit_intercept": False}
    >>> neuron = SigmoidNeuronClassifier(**article)
    >>> neuron = neuron.fit([[0, 0, 1], [1, 1, 1], [1, 0, 1], [0, 1, 1]], [0, 1, 1, 0])
    >>> display = NeuronDisplay.from_estimator(neuron, [[1, 0, 0]])
    >>> [text.get_text() for text in display.numbers_]
    ['9.67', '−0.208', '−4.63']
    >>> round(display.probability_, 4)
    0.9999

    With three classes, the layer and one class of it:

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> layer = SigmoidNeuronClassifier().fit(X, y)
    >>> display = NeuronDisplay.from_estimator(layer, X[:1])
    >>> [text.get_text() for text in display.captions_]
    ['0', '1', '2']
    >>> display.probability_.shape
    (3,)
    >>> display = NeuronDisplay.from_estimator(layer, X[:1], class_of_interest=1)
    >>> bool(display.probability_ == layer.predict_proba(X[:1])[0, 1])
    True
    """

    coef: ArrayLike
    intercept: float | ArrayLike | None = None
    feature_names: ArrayLike | None = None
    neuron_name: str | ArrayLike | None = None
    class_index: int | None = None
    values: ArrayLike | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike | None = None,
        *,
        class_of_interest: Any = None,
        ax: Any = None,
    ) -> Self:
        """Draw the neuron or the layer of a fitted estimator.

        Parameters
        ----------
        estimator : SigmoidNeuronClassifier, SigmoidNeuronClassifierCV or Pipeline
            The fitted estimator; a Pipeline may end with it, and a fitted search have it.

        X : {array-like, sparse matrix} of shape (1, n_features), default=None
            A row to answer for, finite. What a Pipeline makes of it is what the inputs
            show.

        class_of_interest : int, float, bool or str, default=None
            The class that is drawn, or for multilabel `y` the index of the label. With
            None it is ``classes_[1]`` of two classes, and the whole layer of more. The
            neuron of ``classes_[0]`` of two is the same with the opposite signs.

        ax : matplotlib Axes, default=None
            Where to draw; new axes if None.

        Returns
        -------
        display : NeuronDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator is of another kind.
        NotFittedError
            If it is not fitted.
        ValueError
            If `X` is not one row, if `class_of_interest` is not a class or label of the
            estimator, or if it is None and there are several labels.
        ImportError
            If matplotlib is missing.
        """
        neuron = find_neuron(cls, estimator, "coef_")
        coef, intercept = as_numpy(neuron.coef_), as_numpy(neuron.intercept_)
        name = neuron._classes
        class_index = None
        if len(coef) == 1 or neuron._multilabel:
            column, sign, name = find_column(neuron, class_of_interest)
            coef, intercept = sign * coef[column], sign * intercept[column]
        elif class_of_interest is not None:
            class_index, _, _ = find_column(neuron, class_of_interest)
        return cls(
            coef=coef,
            intercept=intercept if neuron.fit_intercept else None,
            feature_names=name_features(estimator, neuron),
            neuron_name=name,
            class_index=class_index,
            values=None if X is None else _read_row(estimator, neuron, X),
        ).plot(ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw the neuron or the layer, in a font as large as fits the axes.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; new axes that fill their figure if None.

        Returns
        -------
        display : NeuronDisplay
            The display itself.

        Raises
        ------
        ValueError
            If `coef` does not have one of the two shapes or is not finite, if what there is
            for each feature or class is not of its length, if `class_index` is not a row of
            `coef`, or if the weighted sum of the values overflows.
        ImportError
            If matplotlib is missing.
        """
        coef, intercept, names = self._check_weights()
        z, p = self._answer(coef, intercept)
        log_odds = None
        self._select(coef, p)
        names = [names[k] for k in self.drawn_classes_]
        if len(names) == 1 and len(coef) > 1:
            names = [f"class {names[0]}"]
        if len(names) == 1 and z is not None:
            (k,) = self.drawn_classes_
            others = np.delete(z.astype(np.float64), k) if len(z) > 1 else 0.0
            z, p = float(z[k]), float(p[k])
            log_odds = z - logsumexp(others)  # whose sigmoid is the softmax
        self.raw_prediction_, self.probability_ = z, p
        weights = coef[np.ix_(self.drawn_classes_, self.drawn_)]
        if self.intercept is not None:
            weights = np.column_stack([weights, intercept[self.drawn_classes_]])
        is_new = ax is None
        ax = open_axes(self, ax)
        if is_new and ax.figure.get_layout_engine() is None:
            ax.figure.subplots_adjust(left=0.02, right=0.98, bottom=0.02, top=0.93)
        self.ax_, self.figure_ = ax, ax.figure
        Diagram(self, weights, names).draw(log_odds)
        return self

    def _check_weights(self):
        """Return the weights as (n_columns, n_features), the intercepts and the names."""
        coef = np.atleast_2d(_check_floats(self.coef, "coef"))
        check_consistent_length(coef.T, self.feature_names, self.values)
        indices, index = range(len(coef)) if len(coef) > 1 else [], self.class_index
        if index is not None and not (isinstance(index, Integral) and index in indices):
            raise ValueError(
                f"class_index={index!r} is not the index of a class. The coef has the "
                f"shape {np.shape(self.coef)}."
            )
        intercept = np.zeros(len(coef)) if self.intercept is None else self.intercept
        intercept = _check_floats(np.atleast_1d(intercept), "intercept", [coef.dtype])
        name = self.neuron_name
        if name is None:
            name = "output" if len(coef) == 1 else range(len(coef))
        names = [str(each) for each in np.atleast_1d(np.asarray(name, dtype=object))]
        check_consistent_length(coef, intercept, names)
        return coef, intercept, names

    def _answer(self, coef, intercept):
        """Return the raw prediction and the probability of each column, or None."""
        if self.values is None:
            return None, None
        values = _check_floats(self.values, "values")
        (z,) = check_raw_prediction(values[np.newaxis], coef, intercept)
        return z, softmax(z) if len(z) > 1 else expit(z)

    def _select(self, coef, p):
        """Choose the columns and the features that are drawn."""
        if self.class_index is not None:
            self.drawn_classes_ = np.array([int(self.class_index)])
        else:
            strength = abs(coef).max(axis=1) if p is None else p
            self.drawn_classes_ = _find_largest(strength, _MAX_CLASSES)
        strength = abs(coef[self.drawn_classes_]).max(axis=0)
        self.drawn_ = _find_largest(strength, _MAX_INPUTS)


def _check_floats(array, name, dtypes=(np.float64, np.float32)):
    return check_array(array, ensure_2d=False, dtype=list(dtypes), input_name=name)


def _find_largest(size, most):
    """Return the indices of the largest, at most so many, in rising order."""
    return np.sort(np.argsort(-size, kind="stable")[:most])


def _read_row(estimator, neuron, X):
    """Return the values with which a row of X reaches the neuron."""
    # a row of a data frame of pandas
    if getattr(X, "ndim", 2) == 1 and hasattr(X, "index"):
        X = X.to_frame().T.infer_objects()
    steps, _ = split_estimator(estimator)
    features = read_data(neuron, X if steps is None else steps.transform(X), reset=False)
    if features.shape[0] != 1:
        raise ValueError(
            f"X must be one row, of shape (1, n_features). Got {features.shape[0]} rows."
        )
    return features.toarray()[0] if issparse(features) else as_numpy(features)[0]
