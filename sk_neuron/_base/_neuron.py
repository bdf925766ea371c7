"""What a fitted neuron or layer answers: raw predictions, probabilities, classes."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score
from sklearn.utils import Tags, check_consistent_length
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sk_neuron._compat import CLASSES_MAY_BE_WORDS, CallbackSupportMixin
from sk_neuron._input_validation import (
    check_labels,
    check_sample_weight,
    encode_known_labels,
    read_data,
    read_labels,
)
from sk_neuron._kernels import (
    DeviceRows,
    _formulas,
    as_numpy,
    check_raw_prediction,
    is_on_device,
    return_like,
)
from sk_neuron._kernels._device_answers import (
    check_same_library,
    device_choice,
    device_log_probability,
    device_probability,
)

# All that a fit may learn: what an earlier fit has left of it goes.
LEARNED = {
    "n_features_in_",
    "feature_names_in_",
    "classes_",
    "coef_",
    "intercept_",
    "loss_curve_",
    "learning_rate_curve_",
    "n_iter_",
    "validation_loss_curve_",
    "best_n_iter_",
    "best_validation_score_",
    "checkpoint_iters_",
    "checkpoint_coefs_",
    "checkpoint_intercepts_",
    "iters_",
    "alphas_",
    "label_noises_",
    "scores_",
    "alpha_",
    "label_noise_",
    "best_score_",
    "label_quality_",
    "_multilabel",
    "_label_noise",
    "_noise_index",
    "_n_steps",
    "_seed",
    "_warm_start",
}

# Arrays that do not go where X is: names are words, and classes go where the labels are.
ON_HOST = {"classes_", "feature_names_in_"}


def _can_answer(neuron):
    if not getattr(neuron, "refit", True):
        raise AttributeError(
            f"This {type(neuron).__name__} has refit=False, which gives scores but no "
            "neuron to answer with."
        )
    return True


# Methods that a search without a fit on all rows does not have.
needs_fit_on_all_rows = available_if(_can_answer)


class BaseNeuron(CallbackSupportMixin, ClassifierMixin, BaseEstimator):
    """A neuron or a layer, once `coef_`, `intercept_` and `classes_` are learned."""

    @needs_fit_on_all_rows
    def decision_function(self, X: ArrayLike) -> NDArray[np.floating[Any]]:
        """Return the weighted sum of the inputs, x · w + b.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows to answer for, finite.

        Returns
        -------
        raw_prediction : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            For two classes a number, which favours ``classes_[1]`` if above 0; else one of
            each class or label.

        Raises
        ------
        NotFittedError
            If there was no fit, or of a search no fit on all rows.
        ValueError
            If it overflows.
        """
        check_has_answers(self)
        check_same_library(self, X, "decision_function")
        features = read_data(self, X, reset=False)
        return flatten(check_raw_prediction(features, self.coef_, self.intercept_))

    @needs_fit_on_all_rows
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
            with more than two classes they are the softmax of `decision_function`.
        """
        check_same_library(self, X, "predict_proba")
        return self._probability(self.decision_function(X))

    @needs_fit_on_all_rows
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
        check_same_library(self, X, "predict_log_proba")
        z = self.decision_function(X)
        if is_on_device(z):
            return device_log_probability(z, multilabel=self._multilabel)
        if z.ndim == 1:
            return log_expit(np.column_stack([-z, z]))
        return _formulas.log_probability(z, 1 if self._multilabel else z.shape[1])

    @needs_fit_on_all_rows
    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable class, or the labels more probable than not.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows to answer for, finite.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Classes, or a multilabel indicator matrix. Decided from `decision_function`,
            which tells classes apart even where probabilities round to the same number.
        """
        check_same_library(self, X, "predict")
        return self._choice(self.decision_function(X))

    @needs_fit_on_all_rows
    def score(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the accuracy of the answers to X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows to answer for, finite.

        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their labels, in any form that `fit` takes.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, finite and not negative; 1 each if None.

        Returns
        -------
        score : float
            The share of the rows that are answered right, in all labels of a multilabel
            `y`.
        """
        labels, weight = read_labels(y), None
        if sample_weight is not None:
            weight = check_sample_weight(sample_weight, labels.shape[0])
        answers = as_numpy(self.predict(X))
        return float(accuracy_score(labels, answers, sample_weight=weight))

    @needs_fit_on_all_rows
    def predict_recorded_proba(self, X: ArrayLike) -> NDArray[np.floating[Any]]:
        """Return the probability of each class, or label, as it would be recorded.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows to answer for, finite.

        Returns
        -------
        probability : ndarray of shape (n_samples, n_classes)
            What `predict_proba` returns, mixed by the label noise of the fit. Without
            label noise the two are the same.
        """
        z = self.decision_function(X)
        if self._label_noise is None:
            return self._probability(z)
        z, like_z, noise = as_numpy(z), return_like(z), as_numpy(self._label_noise)
        if z.ndim == 1:
            first = _formulas.recorded_probability(expit(-z), 1, noise[:, ::-1])
            second = _formulas.recorded_probability(expit(z), 1, noise)
            return like_z(np.column_stack([first, second]))
        n_outputs = 1 if self._multilabel else z.shape[1]
        p = self._probability(z)
        return like_z(_formulas.recorded_probability(p, n_outputs, noise))

    @needs_fit_on_all_rows
    def label_quality(self, X: ArrayLike, y: ArrayLike) -> NDArray[np.floating[Any]]:
        r"""Return the probability that each recorded label is the true one.

        With the share :math:`r_k` of rows of class k that are recorded as another class,
        and the probability :math:`p_k` of the true class, a recorded label y is right with
        the probability :math:`(1 - r_y)\,p_y / q_y`, where :math:`q_y` is the probability
        that y is recorded. Without label noise the quality is :math:`p_y`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows, finite. A model is too sure of the labels of rows that it was trained
            on: `label_quality_` of a `SigmoidNeuronClassifierCV` judges each row by folds
            that have not seen it.

        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their recorded labels, of the classes seen during `fit`.

        Returns
        -------
        quality : ndarray of shape (n_samples,) or (n_samples, n_labels)
            From 0 to 1; for a multilabel `y` that of each label.

        Examples
        --------
        >>> import numpy as np
        >>> from sk_neuron import SigmoidNeuronClassifier
        >>> X = np.arange(-10.0, 10.0)[:, np.newaxis]
        >>> y = np.where(X[:, 0] >= 0, "high", "low")
        >>> y[0] = "high"  # a wrong label
        >>> neuron = SigmoidNeuronClassifier(label_noise=0.05).fit(X, y)
        >>> neuron.label_quality(X, y)[[0, 1, 19]].round(3)
        array([0., 1., 1.])
        """
        z, labels, like_X = self._read_labelled(X, y)
        n_outputs = 1 if self._multilabel else z.shape[1]
        noise = as_numpy(self._label_noise)
        return like_X(flatten(_formulas.label_quality(labels, z, n_outputs, noise)))

    @needs_fit_on_all_rows
    def influence(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> NDArray[np.floating[Any]]:
        r"""Return how much each row still pulls at the weights.

        That is the length of the gradient of its loss in the raw prediction. For a neuron
        with the error :math:`E = |t - o|` it is :math:`s\,E\,o\,(1 - o) = s\,E^2 (1 - E)`.
        That is largest where the error is 2/3, with 4/27 s. For a softmax layer it is
        :math:`s\,\lVert\delta\rVert` with :math:`\delta_k = p_k (E_k - \sum_j p_j E_j)` and
        :math:`E = e_y - p`. That is at most :math:`s\,2\sqrt2 \cdot 4/27`, where the label
        has the probability 1/3 and one other class has 2/3. Beyond that a row pulls less
        the surer the model is of another class: it is giving the row up, as it should where
        the label is wrong.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows to answer for, finite.

        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their labels, of the classes seen during `fit`.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, 1 each if None.

        Returns
        -------
        influence : ndarray of shape (n_samples,) or (n_samples, n_labels)
            From 0 to 4/27 for a neuron and to 0.42 for a layer, times the weight of the
            row. One column for each label of a multilabel `y`.

        Examples
        --------
        >>> import numpy as np
        >>> from sk_neuron import SigmoidNeuronClassifier
        >>> X = np.arange(-10.0, 10.0)[:, np.newaxis]
        >>> y = (X[:, 0] >= 0).astype(int)
        >>> y[0] = 1  # a wrong label
        >>> neuron = SigmoidNeuronClassifier(max_iter=8).fit(X, y)
        >>> neuron.influence(X, y)[[0, 8, 9]].round(4)
        array([0.0001, 0.0191, 0.0666])
        """
        z, labels, like_X = self._read_labelled(X, y)
        weight = check_sample_weight(sample_weight, len(z))[:, np.newaxis]
        with np.errstate(under="ignore"):
            weight = weight.astype(z.dtype)
            return like_X(flatten(self._measure_influence(labels, weight, z)))

    def _read_labelled(self, X, y):
        """Return raw predictions (n, columns), labels, and what returns results like X."""
        z = self.decision_function(X)
        labels = encode_known_labels(check_labels(y), self._classes, self._multilabel)
        check_consistent_length(z, labels)
        return as_numpy(z).reshape(-1, self.coef_.shape[0]), labels, return_like(z)

    @property
    def _classes(self):
        """`classes_` as an array of NumPy, wherever the labels were."""
        return as_numpy(self.classes_)

    def _store(self, learned, X, y):
        """Replace what an earlier fit has learned, at once; arrays are as X and y are.

        So an interrupt cannot leave half of it. What others have set stays.
        """
        if isinstance(X, DeviceRows):
            learned = {
                name: X.send(value)
                if isinstance(value, np.ndarray) and name not in ON_HOST
                else value
                for name, value in learned.items()
            }
            if "classes_" in learned and learned["classes_"].dtype.kind in "biuf":
                learned["classes_"] = return_like(y)(learned["classes_"])
        kept = {name: value for name, value in vars(self).items() if name not in LEARNED}
        self.__dict__ = kept | learned

    def _measure_influence(self, labels, weight, z):
        noise = as_numpy(self._label_noise)
        if (self._multilabel or z.shape[1] == 1) and noise is None:
            sign = 1 - 2 * labels  # so that 1 - e keeps its digits where e is almost 1
            return weight * expit(sign * z) ** 2 * expit(-sign * z)
        n_outputs = 1 if self._multilabel else z.shape[1]
        if noise is not None:
            terms = _formulas.noise_terms(noise, n_outputs)
            noise = tuple(term.astype(z.dtype) for term in terms)
        delta, _ = _formulas.pointwise_gradient(labels, weight, z, n_outputs, noise)
        if n_outputs == 1:
            return np.abs(delta)
        return np.sqrt(np.einsum("nk,nk->n", delta, delta))[:, np.newaxis]

    def _probability(self, z):
        if is_on_device(z):
            return device_probability(z, multilabel=self._multilabel)
        if z.ndim == 1:
            return expit(np.column_stack([-z, z]))
        return expit(z) if self._multilabel else _formulas.softmax(z)

    def _choice(self, z):
        if is_on_device(z):
            return device_choice(z, self._classes, multilabel=self._multilabel)
        if self._multilabel:
            return (z > 0).astype(int)
        return self._classes[z.argmax(axis=1) if z.ndim == 2 else (z > 0).astype(int)]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.array_api_support = CLASSES_MAY_BE_WORDS
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = True
        return tags


def check_has_answers(neuron):
    """Raise an error if there was no fit on all rows to answer with."""
    if hasattr(neuron, "scores_") and not hasattr(neuron, "coef_"):
        raise NotFittedError(
            f"This {type(neuron).__name__} has scores but no fit on all rows to answer "
            "with: it was fitted with refit=False, or interrupted."
        )
    check_is_fitted(neuron, "coef_")


def flatten(z):
    """Return one column as (n,), and more as they are."""
    return z[:, 0] if z.shape[1] == 1 else z


def describe_features(estimator):
    """Return the attributes that tell which features an estimator has seen."""
    names = "n_features_in_", "feature_names_in_"
    return {name: getattr(estimator, name) for name in names if hasattr(estimator, name)}


def describe_neuron(classes, multilabel, coef, intercept, label_noise):
    """Return the attributes that answers need."""
    return {
        "classes_": classes,
        "coef_": coef,
        "intercept_": intercept,
        "_multilabel": multilabel,
        "_label_noise": label_noise,
    }
