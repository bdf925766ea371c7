"""What every layer of fitted neurons answers: potentials, probabilities, classes."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, check_consistent_length
from sklearn.utils.validation import check_is_fitted

from sk_neuron._compat import CallbackSupportMixin
from sk_neuron._compiled import check_raw_prediction
from sk_neuron._inputs import (
    check_labels,
    check_sample_weight,
    read_data,
    recognize_targets,
)
from sk_neuron._rule import log_normalize


class BaseNeuron(CallbackSupportMixin, ClassifierMixin, BaseEstimator):
    """One or more neurons, once `coef_`, `intercept_` and `classes_` are learned."""

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
        return flatten(check_raw_prediction(features, self.coef_, self.intercept_))

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

    def influence(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> NDArray[np.floating[Any]]:
        r"""Return how much each row still pulls at each neuron.

        That is the size of its share in the gradient for a unit of the potential,
        :math:`s\,|t - o|\,o\,(1 - o)`: for an error :math:`e = |t - o|` it is
        :math:`e^2 (1 - e)`, at most 4/27 where the error is 2/3. Rows with a larger error
        pull less the more they are off: the neuron is giving them up, as it should where
        their label is wrong.

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
        influence : ndarray of shape (n_samples,) or (n_samples, n_neurons)
            From 0 to 4/27, times the weight of the row. One column where there is one
            neuron.

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
        z = self.decision_function(X).reshape(-1, len(self.coef_))
        target = recognize_targets(check_labels(y), self.classes_, self._multilabel)
        check_consistent_length(z, target)
        weight = check_sample_weight(sample_weight, len(z)).astype(z.dtype)
        sign = 1 - 2 * target  # so that 1 - e keeps its digits where e is almost 1
        error = expit(sign * z)
        return flatten(weight[:, np.newaxis] * error**2 * expit(-sign * z))

    def _store(self, learned):
        """Put what was learned in the place of all that was before, in one go.

        So an interrupt cannot leave half of it.
        """
        own = {name: value for name, value in vars(self).items() if name[-1] != "_"}
        self.__dict__ = own | learned

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
        is_random = isinstance(self.init, str) and self.init == "uniform"
        tags.classifier_tags.poor_score = is_random or not self.fit_intercept
        return tags


def flatten(z):
    """Return one column as (n,), and more as they are."""
    return z[:, 0] if z.shape[1] == 1 else z


def describe_features(estimator):
    """Return the attributes that tell which features an estimator has seen."""
    names = "n_features_in_", "feature_names_in_"
    return {name: getattr(estimator, name) for name in names if hasattr(estimator, name)}


def describe_neuron(classes, multilabel, coef, intercept):
    """Return the attributes that answers need."""
    return {
        "classes_": classes,
        "coef_": coef,
        "intercept_": intercept,
        "_multilabel": multilabel,
    }
