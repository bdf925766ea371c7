"""The weights at many iteration counts, from one descent."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sk_neuron._classifier import SigmoidNeuronClassifier
from sk_neuron._input_validation import (
    check_iters,
)


def iteration_path(
    X: ArrayLike,
    y: ArrayLike,
    *,
    iters: ArrayLike,
    sample_weight: ArrayLike | None = None,
    learning_rate: float | Literal["auto"] = "auto",
    alpha: float = 0.0,
    fit_intercept: bool = True,
    init: Literal["zeros", "uniform"] = "zeros",
    class_weight: dict[Any, float] | Literal["balanced"] | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.floating[Any]], NDArray[np.floating[Any]]]:
    """Return the weights at many iteration counts, from one descent.

    Each is what a :class:`SigmoidNeuronClassifier` learns with that `max_iter`, bit for
    bit where there are more rows than features, and else but for rounding.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Training data, finite.

    y : array-like of shape (n_samples,) or (n_samples, n_labels)
        Class labels, or a multilabel indicator matrix.

    iters : array-like of int
        The iteration counts, 0 (the start) or more. They are sorted, and repeats are
        dropped.

    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows, 1 each if None.

    learning_rate : "auto" or float, default="auto"
        The step size, as in :class:`SigmoidNeuronClassifier`.

    alpha : float, default=0.0
        Strength of the weight decay, 0 or more.

    fit_intercept : bool, default=True
        Whether to learn an intercept.

    init : {"zeros", "uniform"}, default="zeros"
        The weights before the first step.

    class_weight : dict, "balanced" or None, default=None
        Weights of the classes.

    random_state : int, RandomState instance or None, default=None
        The generator of a "uniform" start.

    Returns
    -------
    iters : ndarray of shape (n_iters,)
        The counts, sorted and without repeats.

    coefs : ndarray of shape (n_iters, n_outputs, n_features)
        The weights at each count; n_outputs is 1 with two classes, else the number of
        classes or labels.

    intercepts : ndarray of shape (n_iters, n_outputs)
        The intercepts at each count.

    Raises
    ------
    ValueError
        If a parameter or the data are out of range, or if the descent overflows.

    See Also
    --------
    SigmoidNeuronClassifierCV : Chooses among the counts by cross-validation.

    Examples
    --------
    >>> from sk_neuron import iteration_path
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]
    >>> iters, coefs, intercepts = iteration_path(X, y, iters=[0, 1, 10, 100])
    >>> coefs[:, 0, 0].round(3)
    array([ 0.   ,  0.361,  2.195, 10.878])
    """
    checkpoints = check_iters(iters, "iters")
    neuron = SigmoidNeuronClassifier(
        max_iter=max(1, int(checkpoints[-1])),
        learning_rate=learning_rate,
        alpha=alpha,
        fit_intercept=fit_intercept,
        init=init,
        class_weight=class_weight,
        checkpoints=checkpoints,
        random_state=random_state,
    ).fit(X, y, sample_weight)
    return (
        neuron.checkpoint_iters_,
        neuron.checkpoint_coefs_,
        neuron.checkpoint_intercepts_,
    )
