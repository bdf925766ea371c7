"""The estimator: validate, encode, descend, store."""

import copy
import warnings
from collections.abc import Iterator
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from sk_neuron._advance import Layer, prepare
from sk_neuron._descent import (
    check_overflow,
    check_trained,
    descend,
    draw_start,
    finite_potential,
)
from sk_neuron._inputs import (
    PARAMETERS,
    check_iters,
    check_labels,
    encode_targets,
    encode_weights,
    fit_context,
    read_data,
)
from sk_neuron._learning_rate import auto_learning_rate, check_learning_rate
from sk_neuron._rule import log_normalize
from sk_neuron._span import enter_span

# Checkpoints that take more memory than this, in bytes, are warned of.
_MUCH_MEMORY = 2**30


def _has_checkpoints(neuron):
    check_is_fitted(neuron, "coef_")
    if not hasattr(neuron, "checkpoint_iters_"):
        raise AttributeError(
            "Staged answers need the weights on the way: fit a SigmoidNeuronClassifier "
            "with checkpoints=[...], the iteration counts to keep."
        )
    return True


class SigmoidNeuronClassifier(ClassifierMixin, BaseEstimator):
    r"""A sigmoid neuron trained on the Brier score by plain gradient descent.

    One neuron for two classes, one neuron per class for more, one per label for
    multilabel `y`. Each minimises, over all rows at once,

    .. math:: \tfrac12 \sum_i s_i \left(t_i - \sigma(x_i \cdot w + b)\right)^2
              + \tfrac\alpha2 \lVert w \rVert^2

    where :math:`\sigma` is the sigmoid, :math:`t_i` is 1 for the neuron's class and 0
    otherwise and :math:`s_i` is the weight of the row. The sum of squares is, up to its
    factor, the Brier score [1]_. It is a bounded proper scoring rule: a mislabelled row
    costs a neuron at most 1, so wrong labels do limited damage to the probabilities.

    The descent keeps nothing but its weights, so a fit of t iterations is the start of
    every longer fit, and `max_iter` is the regulariser to search over. Scale the
    features first, for example with :class:`~sklearn.preprocessing.StandardScaler`.

    Parameters
    ----------
    max_iter : int, default=1000
        The number of steps, 1 or more. All are taken.

    learning_rate : "auto" or float, default="auto"
        The step size :math:`\eta`. "auto" takes 1, shortened where 1 could overshoot:
        ``min(1, 1 / L)`` with ``L = 0.0770293 * largest eigenvalue of
        sum_i s_i x_i x_i^T + alpha``, the smoothness of the objective, so that no step
        raises it, but for rounding [2]_. From 64 columns on the eigenvalue is a Lanczos
        estimate with a margin of 5 %. A positive float is used as it is.

    alpha : float, default=0.0
        Strength of the weight decay, 0 or more. The objective is a sum over rows, so
        `alpha` weighs against the number of rows. The intercept is not decayed.

    fit_intercept : bool, default=True
        Whether to learn an intercept. Without one, a column of ones in `X` plays its
        part and is decayed like the others.

    init : {"zeros", "uniform"}, default="zeros"
        The weights before the first step. "uniform" draws them from [-1, 1) with
        `random_state`; on unscaled data such a start can saturate the sigmoid and learn
        nothing, which is reported by a warning once `fit` is through.

    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, ``{class: weight}``, 1 for classes left out. "balanced"
        gives all classes the same total weight, from the weighted counts of the classes.
        For multilabel `y` the classes of each label are 0 and 1.

    checkpoints : array-like of int or None, default=None
        Iteration counts from 0 (the start) to `max_iter` at which to keep the weights, for
        `checkpoint_coefs_` and the ``staged_`` methods. They are sorted, and repeats are
        dropped.

    random_state : int, RandomState instance or None, default=None
        The generator of a "uniform" start; unused with "zeros".

    Attributes
    ----------
    checkpoint_coefs_ : ndarray of shape (n_checkpoints, n_neurons, n_features)
        `coef_` at each of the `checkpoints`, where there are any.

    checkpoint_intercepts_ : ndarray of shape (n_checkpoints, n_neurons)
        `intercept_` at each of the `checkpoints`, where there are any.

    checkpoint_iters_ : ndarray of shape (n_checkpoints,)
        The `checkpoints`, sorted and without repeats, where there are any.

    classes_ : ndarray of shape (n_classes,)
        The classes, sorted; for multilabel `y` the indices of the labels.

    coef_ : ndarray of shape (1, n_features) or (n_neurons, n_features)
        Weights of the neurons, in the precision of `X`. With two classes, the one neuron
        answers for ``classes_[1]``.

    intercept_ : ndarray of shape (n_neurons,)
        Intercepts of the neurons.

    learning_rate_ : float or ndarray of shape (n_neurons,)
        The step size used; one per neuron for multilabel `y` with a `class_weight`, where
        the weights of the rows differ between the labels.

    loss_curve_ : ndarray of shape (n_iter_,)
        The Brier score on the training rows before each step: the weighted mean of the
        squared error of the output, summed over the neurons. With two classes it is
        what :func:`~sklearn.metrics.brier_score_loss` measures; with more, it is its
        sum over classes, of outputs not yet scaled to sum to 1.

    n_iter_ : int
        The number of steps taken.

    n_features_in_ : int
        The number of features seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen during `fit`, where `X` has string column names.

    See Also
    --------
    SigmoidNeuronClassifierCV : Chooses the iteration count by cross-validation.
    iteration_path : The weights at many iteration counts.
    sklearn.linear_model.LogisticRegression : Fitted to the log loss: as good or better on
        clean labels, and more easily misled by wrong ones.
    sklearn.linear_model.SGDClassifier : Stochastic steps on other losses.
    sklearn.neural_network.MLPClassifier : Hidden layers, trained on the log loss.

    Notes
    -----
    `X` of float32 is trained and answered in float32; anything else in float64. Dense
    `X` of more than 2 MiB and CSR are not copied. Memory beyond `X` is a few arrays of
    (n_samples, n_neurons) and of `coef_`, and one of (max_iter, n_neurons).

    Where there are fewer rows than features and enough steps to make it pay, the descent
    runs on the products of the rows, ``X @ X.T``, and reaches the same weights but for
    rounding.

    References
    ----------
    .. [1] G. W. Brier, "Verification of forecasts expressed in terms of probability",
       Monthly Weather Review 78 (1950), 1-3.
    .. [2] Y. Nesterov, "Lectures on Convex Optimization", 2nd ed. (2018), section 1.2.3.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sk_neuron import SigmoidNeuronClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> neuron = make_pipeline(StandardScaler(), SigmoidNeuronClassifier())
    >>> float(cross_val_score(neuron, X, y).mean().round(3))
    0.975
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = PARAMETERS

    def __init__(
        self,
        *,
        max_iter: int = 1000,
        learning_rate: float | Literal["auto"] = "auto",
        alpha: float = 0.0,
        fit_intercept: bool = True,
        init: Literal["zeros", "uniform"] = "zeros",
        class_weight: dict[Any, float] | Literal["balanced"] | None = None,
        checkpoints: ArrayLike | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.init = init
        self.class_weight = class_weight
        self.checkpoints = checkpoints
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train the neurons.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data, finite.

        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Class labels, as integers, strings or booleans, or a multilabel indicator matrix
            of 0 and 1. A label whose rows have no weight still counts as a class.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, finite and not negative; 1 each if None. A weight of 2
            is the row twice, a weight of 0 takes the row out of the sum.

        Returns
        -------
        self : SigmoidNeuronClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data are out of range, or if the descent overflows.
            The estimator is then as it was before the call, but for what it has drawn
            from a RandomState instance.

        Warns
        -----
        ConvergenceWarning
            If a "uniform" start left a neuron saturated: no better than a constant, and
            without a gradient to improve.
        """
        # On a copy, so that a fit that raises leaves self as it was.
        copied = copy.copy(self)
        features, y = read_data(copied, X, y, multi_output=True)
        labels = check_labels(y)
        classes, target = encode_targets(labels)
        weight = encode_weights(sample_weight, self.class_weight, labels, features.dtype)
        shape = features.shape[1], target.shape[1]
        checkpoints = self._check_checkpoints(shape, features.dtype)

        alpha = float(self.alpha)
        if self.learning_rate == "auto":
            rate = auto_learning_rate(features, weight, alpha, self.fit_intercept)
            check_learning_rate(rate, features.dtype)
        else:
            rate = np.array([self.learning_rate], dtype=np.float64)
        coef, intercept = draw_start(
            self.init,
            shape,
            fit_intercept=self.fit_intercept,
            random_state=self.random_state,
            dtype=features.dtype,
        )
        stops = np.union1d(checkpoints, [self.max_iter])
        layer, coef, leave_span = enter_span(
            Layer(features, target, weight, rate, alpha, self.fit_intercept),
            coef,
            n_steps=self.max_iter,
            n_reads=len(stops),
        )
        coefs, intercepts, squared_errors = [], [], []
        for n_iter, *results in descend(prepare(layer), coef, intercept, stops):
            check_overflow(n_iter, *results)
            coef, intercept, squared_error = results
            coefs.append(leave_span(coef).T)
            intercepts.append(intercept)
            squared_errors.append(squared_error)
        check_trained(self.init, features, target, weight, coefs[-1].T, intercept)

        validate_data(self, X, skip_check_array=True)  # sets n_features_in_ and names
        self._store(classes, labels.ndim == 2, coefs[-1], intercept, self.max_iter)
        self._store_course(rate, np.vstack(squared_errors), weight)
        for name in ("iters", "coefs", "intercepts"):
            self.__dict__.pop(f"checkpoint_{name}_", None)
        if len(checkpoints):
            self.checkpoint_iters_ = checkpoints
            self.checkpoint_coefs_ = np.stack(coefs[: len(checkpoints)])
            self.checkpoint_intercepts_ = np.stack(intercepts[: len(checkpoints)])
        return self

    def _check_checkpoints(self, shape, dtype):
        if self.checkpoints is None:
            return np.empty(0, dtype=np.int64)
        checkpoints = check_iters(self.checkpoints, "checkpoints")
        if checkpoints[-1] > self.max_iter:
            raise ValueError(
                f"The 'checkpoints' reach {checkpoints[-1]}, beyond max_iter="
                f"{self.max_iter}."
            )
        size = len(checkpoints) * (shape[0] + 1) * shape[1] * dtype.itemsize
        if size > _MUCH_MEMORY:
            warnings.warn(
                f"The weights at {len(checkpoints)} checkpoints take "
                f"{size / 2**30:.1f} GiB of memory.",
                UserWarning,
                stacklevel=4,
            )
        return checkpoints

    def _store(self, classes, multilabel, coef, intercept, n_iter):
        """Store what answers need."""
        self.classes_ = classes
        self.coef_ = coef
        self.intercept_ = intercept
        self.n_iter_ = int(n_iter)
        self._multilabel = multilabel

    def _store_rate(self, rate):
        self.learning_rate_ = rate if len(rate) > 1 else float(rate[0])

    def _store_course(self, rate, squared_error, weight):
        """Store how the descent went."""
        self._store_rate(rate)
        total_weight = weight.sum(axis=0, dtype=np.float64)
        self.loss_curve_ = (squared_error / total_weight).sum(axis=1)

    def decision_function(self, X: ArrayLike) -> NDArray[np.floating[Any]]:
        """Return the potential of each neuron, the weighted sum of its inputs.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows to answer for, finite.

        Returns
        -------
        potential : ndarray of shape (n_samples,) or (n_samples, n_neurons)
            One column where there is one neuron; above 0 it favours ``classes_[1]``.

        Raises
        ------
        ValueError
            If the potential overflows.
        """
        check_is_fitted(self, "coef_")
        features = read_data(self, X, reset=False)
        return _flat(finite_potential(features, self.coef_.T, self.intercept_))

    def predict_proba(self, X: ArrayLike) -> NDArray[np.floating[Any]]:
        """Return the probability of each class, or of each label.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows to answer for, finite.

        Returns
        -------
        probability : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`. Rows sum to 1 unless `y` was multilabel:
            with more than two classes the neurons' outputs are divided by their sum.
        """
        return self._probability(self.decision_function(X))

    def predict_log_proba(self, X: ArrayLike) -> NDArray[np.floating[Any]]:
        """Return the logarithm of `predict_proba`, finite where that rounds to 0.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows to answer for, finite.

        Returns
        -------
        log_probability : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        z = self.decision_function(X)
        if z.ndim == 1:
            return log_expit(np.column_stack([-z, z]))
        return log_expit(z) if self._multilabel else log_normalize(z)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable class, or the labels more probable than not.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows to answer for, finite.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Classes, or a multilabel indicator matrix. Decided from the potential, which
            still tells classes apart where probabilities round to the same number.
        """
        return self._choice(self.decision_function(X))

    @available_if(_has_checkpoints)
    def staged_decision_function(self, X: ArrayLike) -> Iterator[NDArray[np.floating[Any]]]:
        """Yield what `decision_function` returned at each of the `checkpoints`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows to answer for, finite.

        Returns
        -------
        potentials : iterator of ndarray of shape (n_samples,) or (n_samples, n_neurons)
            In the order of `checkpoint_iters_`.

        Raises
        ------
        AttributeError
            If the neuron was fitted without `checkpoints`.
        """
        features = read_data(self, X, reset=False)
        return (
            _flat(finite_potential(features, coef.T, intercept))
            for coef, intercept in zip(
                self.checkpoint_coefs_, self.checkpoint_intercepts_, strict=True
            )
        )

    @available_if(_has_checkpoints)
    def staged_predict_proba(self, X: ArrayLike) -> Iterator[NDArray[np.floating[Any]]]:
        """Yield what `predict_proba` returned at each of the `checkpoints`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows to answer for, finite.

        Returns
        -------
        probabilities : iterator of ndarray of shape (n_samples, n_classes)
            In the order of `checkpoint_iters_`.
        """
        return map(copy.copy(self)._probability, self.staged_decision_function(X))

    @available_if(_has_checkpoints)
    def staged_predict(self, X: ArrayLike) -> Iterator[NDArray[Any]]:
        """Yield what `predict` returned at each of the `checkpoints`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows to answer for, finite.

        Returns
        -------
        ys : iterator of ndarray of shape (n_samples,) or (n_samples, n_labels)
            In the order of `checkpoint_iters_`.
        """
        return map(copy.copy(self)._choice, self.staged_decision_function(X))

    def _probability(self, z):
        if z.ndim == 1:
            return expit(np.column_stack([-z, z]))
        return expit(z) if self._multilabel else np.exp(log_normalize(z))

    def _choice(self, z):
        if self._multilabel:
            return (z > 0).astype(int)
        return self.classes_[z.argmax(axis=1) if z.ndim == 2 else (z > 0).astype(int)]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = True
        # One check feeds blobs of standard deviation 20 and asks that class weights move
        # nearly all of them to one side. No plane through the origin can do that, and a
        # random start is saturated there. This tag is what keeps the check away.
        tags.classifier_tags.poor_score = not self.fit_intercept or self.init == "uniform"
        return tags


def _flat(z):
    return z[:, 0] if z.shape[1] == 1 else z
