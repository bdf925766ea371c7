"""What a neuron answered on its way, at the checkpoints of its fit."""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sk_neuron._base import BaseNeuron, flatten
from sk_neuron._input_validation import read_data
from sk_neuron._kernels import check_raw_prediction


def _has_checkpoints(neuron):
    check_is_fitted(neuron, "coef_")
    if not hasattr(neuron, "checkpoint_iters_"):
        if neuron.checkpoints is not None:
            raise AttributeError(
                f"The fit ended after {neuron.n_iter_} steps, before its first checkpoint."
            )
        raise AttributeError(
            "Staged answers need the weights on the way: fit a SigmoidNeuronClassifier "
            "with checkpoints=[...], the iteration counts to keep."
        )
    return True


class StagedNeuron(BaseNeuron):
    """A neuron that can answer as it did on its way, at the `checkpoints` of its fit."""

    checkpoint_coefs_: NDArray[np.floating[Any]]  # (n_checkpoints, n_outputs, n_features)
    checkpoint_intercepts_: NDArray[np.floating[Any]]  # (n_checkpoints, n_outputs)

    @available_if(_has_checkpoints)
    def staged_decision_function(self, X: ArrayLike) -> Iterator[NDArray[np.floating[Any]]]:
        """Yield what `decision_function` returned at each of the `checkpoints`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows to answer for, finite.

        Returns
        -------
        z : iterator of ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the order of `checkpoint_iters_`.

        Raises
        ------
        AttributeError
            If it was fitted without `checkpoints`.
        """
        X = read_data(self, X, reset=False)
        return (
            flatten(check_raw_prediction(X, coef, intercept))
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
