"""Single steps: one on a batch of rows, and the answers at the checkpoints of a fit."""

import copy
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sk_neuron._base import LogisticNeuron, describe_features, describe_neuron, flatten
from sk_neuron._input_validation import (
    Samples,
    check_classes,
    check_labels,
    encode_known_labels,
    fit_context,
    read_data,
    read_sample_weight,
)
from sk_neuron._kernels import check_raw_prediction
from sk_neuron._solver._batch import take_batch_step
from sk_neuron._solver._curves import WarmStart, extend_curve


def _takes_batches(neuron):
    if neuron.early_stopping:
        raise AttributeError(
            "partial_fit takes a step on all rows it is given and holds none out: it does "
            "not support early_stopping=True."
        )
    if isinstance(neuron.class_weight, str):
        raise AttributeError(
            'class_weight="balanced" needs all rows, and partial_fit sees a batch: pass a '
            "dict, which sklearn.utils.compute_class_weight helps to find."
        )
    return True


def has_checkpoints(neuron):
    check_is_fitted(neuron, "coef_")
    if not hasattr(neuron, "checkpoint_iters_"):
        if neuron.checkpoints is not None:
            raise AttributeError(
                f"No weights were kept on the way to step {neuron.n_iter_}: the fit ended "
                "before its first checkpoint, or partial_fit went on, which keeps none."
            )
        raise AttributeError(
            "Staged answers need the weights on the way: fit a SigmoidNeuronClassifier "
            "with checkpoints=[...], the iteration counts to keep."
        )
    return True


class StepwiseNeuron(LogisticNeuron):
    """A neuron that learns batch by batch, and answers as it did at its `checkpoints`."""

    _n_steps: int  # behind `coef_`: `n_iter_`, or fewer where an earlier step was best
    _seed: int | None  # of the rows held out
    _warm_start: WarmStart | None  # where the descent stands, if it may go on

    checkpoint_coefs_: NDArray[np.floating[Any]]  # (n_checkpoints, n_outputs, n_features)
    checkpoint_intercepts_: NDArray[np.floating[Any]]  # (n_checkpoints, n_outputs)

    @available_if(_takes_batches)
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Take one step of the update rule on a batch of rows.

        The first call starts from `init`, every other from where the last one, or a fit,
        ended. ``learning_rate="auto"`` is the largest step that cannot raise the objective
        of the batch, 1 over its largest curvature. Rows without weight pull nowhere: a
        batch of such rows has a loss of 0 and leaves the weights, but for their decay with
        a number as `learning_rate`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows of the batch, finite.

        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their labels; not all classes need to be there.

        classes : array-like of shape (n_classes,), default=None
            All classes that may come. Needed in the first call, unless `y` is multilabel;
            later ones may leave it out.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, 1 each if None.

        Returns
        -------
        self : SigmoidNeuronClassifier
            The estimator, a step further: `n_iter_`, `loss_curve_` and
            `learning_rate_curve_` have grown by one.

        Raises
        ------
        AttributeError
            With `early_stopping` or ``class_weight="balanced"``, which need all rows.
        ValueError
            If a parameter or the data are out of range, or if the step overflows. The
            estimator is then as it was before the call.
        """
        self._validate_params()  # which fit_context does before the first call only
        is_warm_start = hasattr(self, "coef_")
        copied = copy.copy(self)  # which notes the features
        read_X, read_y = read_data(copied, X, y, multi_output=True, reset=not is_warm_start)
        read_y = check_labels(read_y)
        multilabel = self._multilabel if is_warm_start else read_y.ndim == 2
        known = self._classes if is_warm_start else None
        classes = check_classes(classes, read_y, multilabel, known)
        labels = encode_known_labels(read_y, classes, multilabel)
        weight = read_sample_weight(sample_weight, len(read_y))
        samples = Samples(read_X, read_y, labels, weight)
        step, loss, problem = take_batch_step(self, samples, classes, is_warm_start)
        n_steps = self._n_steps if is_warm_start else 0
        step_sizes = flatten(step.step_sizes)
        self._store(
            describe_features(copied)
            | describe_neuron(
                classes, multilabel, step.coef, step.intercept, problem.label_noise
            )
            | {
                "loss_curve_": extend_curve(self, "loss_curve_", n_steps, loss),
                "learning_rate_curve_": extend_curve(
                    self, "learning_rate_curve_", n_steps, step_sizes
                ),
                "n_iter_": n_steps + 1,
                "_n_steps": n_steps + 1,
                "_seed": self._seed if is_warm_start else None,
                "_warm_start": None,
            },
            samples.X,
            y,
        )
        return self

    @available_if(has_checkpoints)
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
        coefs, intercepts = self.checkpoint_coefs_, self.checkpoint_intercepts_
        return (
            flatten(check_raw_prediction(X, coefs[k, :, :], intercepts[k, :]))
            for k in range(intercepts.shape[0])
        )

    @available_if(has_checkpoints)
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

    @available_if(has_checkpoints)
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
