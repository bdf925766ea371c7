"""Adapters, by which checks ask for a loss, a gradient and steps at any coefficients."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.utils.class_weight import compute_sample_weight

from sk_neuron._classifier import SigmoidNeuronClassifier

# The size of the step by which a gradient is measured: so long that the weights it starts
# from are lost to rounding, not the gradient; a power of two, so that nothing else rounds;
# and within float32, which ends at 2^128.
_LONG_STEP = 2.0**60

Array = NDArray[Any]
Coefs = tuple[Array, Any]


class Adapter(Protocol):
    """What the checks need: any object with these two methods, and up to two more.

    For two classes `coef` has the shape (n_features,) and `intercept` is a float; for
    n_classes > 2 the shapes are (n_classes, n_features) and (n_classes,). `y` holds
    integers from 0 to n_classes - 1, but not always all of them: the shape of `coef` tells
    the number of classes. Some of the weights may be 0, but never all. Some problems have
    three classes, unless ``problems(n_classes=(2, 2))`` is passed.

    Two more methods are optional; for both `y` has all classes::

        step(coef, intercept, X, y, sample_weight, learning_rate, n_steps)

    returns coef and intercept after n_steps steps. Without it a step goes against the
    gradient, `learning_rate` times as far::

        descend(coef, intercept, X, y, sample_weight, n_steps)

    returns coef and intercept after n_steps steps of an optimiser that chooses its own step
    sizes. An adapter that has it declares that more steps never lead to a larger loss.

    Examples
    --------
    >>> from sk_neuron.testing import Adapter, NeuronAdapter
    >>> adapter: Adapter = NeuronAdapter()
    """

    def loss(
        self, coef: Array, intercept: Any, X: Array, y: Array, sample_weight: Array
    ) -> float:
        """Return the loss at these coefficients."""

    def gradient(
        self, coef: Array, intercept: Any, X: Array, y: Array, sample_weight: Array
    ) -> Coefs:
        """Return the gradient of the loss, in the shapes of `coef` and `intercept`."""


@dataclass(frozen=True)
class FunctionAdapter:
    """An adapter made of plain functions.

    Parameters
    ----------
    loss : callable
        ``loss(coef, intercept, X, y, sample_weight)`` returns a float.

    gradient : callable
        ``gradient(coef, intercept, X, y, sample_weight)`` returns the pair `d_coef` and
        `d_intercept`.

    step : callable or None, default=None
        ``step(coef, intercept, X, y, sample_weight, learning_rate, n_steps)`` returns
        `coef` and `intercept` after `n_steps` steps.

    descend : callable or None, default=None
        ``descend(coef, intercept, X, y, sample_weight, n_steps)`` returns `coef` and
        `intercept` after `n_steps` steps of a monotone optimiser.

    See Also
    --------
    Adapter : The shapes of these arguments.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_neuron.testing import FunctionAdapter, check_gradient_updates
    >>> def loss(coef, intercept, X, y, sample_weight):
    ...     return float(sample_weight @ (X @ coef + intercept - (2 * y - 1)) ** 2 / 2)
    >>> def gradient(coef, intercept, X, y, sample_weight):
    ...     error = sample_weight * (X @ coef + intercept - (2 * y - 1))
    ...     return X.T @ error, error.sum()
    >>> from sk_neuron.testing import problems
    >>> check_gradient_updates(
    ...     FunctionAdapter(loss, gradient),
    ...     problems=problems(n_classes=(2, 2)),
    ...     only=["check_finite_differences", "check_shards"],
    ... )
    """

    loss: Callable[..., float]
    gradient: Callable[..., Coefs]
    step: Callable[..., Coefs] | None = None
    descend: Callable[..., Coefs] | None = None

    def __repr__(self) -> str:
        parts = self.loss, self.gradient, self.step, self.descend
        return f"FunctionAdapter({', '.join(_name(part) for part in parts if part)})"


class _EstimatorAdapter:
    """The gradient of an estimator, from the way that a long step goes, and its steps."""

    def gradient(
        self, coef: Any, intercept: Any, X: Any, y: Any, sample_weight: Any
    ) -> Coefs:
        """Return the gradient."""
        after = self._take_long_step(coef, intercept, X, y, sample_weight)
        return (coef - after[0]) / _LONG_STEP, (intercept - after[1]) / _LONG_STEP

    def step(
        self,
        coef: Any,
        intercept: Any,
        X: Any,
        y: Any,
        sample_weight: Any,
        learning_rate: Any,
        n_steps: int,
    ) -> Coefs:
        """Return coef and intercept after some steps."""
        return self._train(coef, intercept, X, y, sample_weight, learning_rate, n_steps)

    def _take_long_step(self, coef, intercept, X, y, sample_weight):
        return self._train(coef, intercept, X, y, sample_weight, _LONG_STEP, 1)

    def _train(self, coef, intercept, X, y, sample_weight, learning_rate, n_steps):
        raise NotImplementedError


@dataclass(frozen=True)
class NeuronAdapter(_EstimatorAdapter):
    """The loss, the gradient and the steps of a `SigmoidNeuronClassifier`.

    The gradient is the way that one `partial_fit` goes from ``init=(coef, intercept)``,
    divided by its `learning_rate`. It is correct to the last digits where its size is
    between 1e-18 times that of the coefficients and 1e20. Steps are those of `fit`, and
    those of `descend` are taken with ``learning_rate="auto"``.

    The loss is ``1/2 Σ s ‖e‖² + alpha/2 ‖coef‖²``, from `loss_curve_`. For two classes the
    error e of a row is ``t - o``, its target minus the output; for more it is ``e_y - p``,
    the indicator of its class minus the probabilities of the softmax layer.

    Parameters
    ----------
    neuron : SigmoidNeuronClassifier, default=SigmoidNeuronClassifier()
        Its `alpha`, `label_noise`, `fit_intercept` and `class_weight` are used; the checks
        choose the start, the step size and the number of steps, and nothing ends a fit
        early. With ``fit_intercept=False`` the intercept of the start is ignored, and
        `step` returns it unchanged.

    layout : callable, default=np.asarray
        A function that converts `X` to the memory layout to test, for example
        ``np.asfortranarray`` or ``scipy.sparse.csr_array``.

    Raises
    ------
    TypeError
        If `neuron` is not a `SigmoidNeuronClassifier`.
    ValueError
        If its `class_weight` is "balanced".

    Examples
    --------
    >>> import numpy as np
    >>> from sk_neuron.testing import NeuronAdapter
    >>> X, y = np.array([[0.0], [2.0]]), np.array([0, 1])
    >>> d_coef, d_intercept = NeuronAdapter().gradient(np.zeros(1), 0.0, X, y, np.ones(2))
    >>> d_coef, d_intercept
    (array([-0.25]), 0.0)
    """

    neuron: SigmoidNeuronClassifier = field(default_factory=SigmoidNeuronClassifier)
    layout: Callable[[Any], Any] = np.asarray

    def __post_init__(self) -> None:
        if not isinstance(self.neuron, SigmoidNeuronClassifier):
            name = type(self.neuron).__name__
            raise TypeError(
                f"neuron must be a SigmoidNeuronClassifier. Got {name} instead."
            )
        if self.neuron.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' has other weights for each set of rows, so the "
                "gradients do not belong to one loss. Pass a dict."
            )

    def __repr__(self) -> str:
        return f"NeuronAdapter({self.neuron}, {_name(self.layout)})"

    def loss(self, coef: Any, intercept: Any, X: Any, y: Any, sample_weight: Any) -> float:
        """Return the loss."""
        after = self._fit_batch(coef, intercept, X, y, sample_weight)
        factor = compute_sample_weight(self.neuron.class_weight, y)
        decay = self.neuron.alpha * np.square(coef, dtype=np.float64).sum()
        return float(after.loss_curve_[-1] * (sample_weight @ factor) + decay) / 2

    def descend(
        self, coef: Any, intercept: Any, X: Any, y: Any, sample_weight: Any, n_steps: int
    ) -> Coefs:
        """Return coef and intercept after some steps of ``learning_rate="auto"``."""
        return self.step(coef, intercept, X, y, sample_weight, "auto", n_steps)

    def _train(self, coef, intercept, X, y, sample_weight, learning_rate, n_steps):
        neuron = self._start(coef, intercept, learning_rate).set_params(max_iter=n_steps)
        with warnings.catch_warnings():  # the start may be saturated
            warnings.simplefilter("ignore", ConvergenceWarning)
            neuron.fit(self.layout(X), y, sample_weight)
        return self._read(neuron, coef, intercept)

    def _take_long_step(self, coef, intercept, X, y, sample_weight):
        neuron = self._fit_batch(coef, intercept, X, y, sample_weight)
        return self._read(neuron, coef, intercept)

    def _fit_batch(self, coef, intercept, X, y, sample_weight):
        """Return a neuron after one long step on a batch, which may lack classes."""
        neuron = self._start(coef, intercept, _LONG_STEP)
        return neuron.partial_fit(self.layout(X), y, _list_classes(coef), sample_weight)

    def _start(self, coef, intercept, learning_rate):
        params = self.neuron.get_params(deep=False)
        params["init"] = (coef, intercept) if params["fit_intercept"] else coef
        params |= {"learning_rate": learning_rate, "checkpoints": None, "verbose": 0}
        params |= {"tol": 0.0, "early_stopping": False, "warm_start": False}
        return type(self.neuron)(**params)  # `clone` would keep callbacks

    def _read(self, neuron, coef, intercept):
        coef, learned = _shape_like(coef, neuron.coef_, neuron.intercept_)
        return coef, learned if neuron.fit_intercept else intercept


@dataclass(frozen=True)
class SGDAdapter(_EstimatorAdapter):
    """The loss, the gradient and the steps of scikit-learn's `SGDClassifier`.

    It is ``SGDClassifier(loss="log_loss", penalty=None, learning_rate="constant")``, which
    takes a step for each row. So the gradient is a sum over the rows: of the way that one
    `partial_fit` on the row goes from the same coefficients, divided by `eta0`. A step of
    the checks is an epoch, `partial_fit` on all rows in their order. The loss is the sum of
    the log losses, computed by the adapter.

    Parameters
    ----------
    layout : callable, default=np.asarray
        A function that converts `X` to the memory layout to test, for example
        ``scipy.sparse.csr_array``.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_neuron.testing import SGDAdapter
    >>> X, y = np.array([[0.0], [2.0]]), np.array([0, 1])
    >>> d_coef, d_intercept = SGDAdapter().gradient(np.zeros(1), 0.0, X, y, np.ones(2))
    >>> d_coef, d_intercept
    (array([-1.]), 0.0)
    """

    layout: Callable[[Any], Any] = np.asarray

    def __repr__(self) -> str:
        return f"SGDAdapter({_name(self.layout)})"

    def loss(self, coef: Any, intercept: Any, X: Any, y: Any, sample_weight: Any) -> float:
        """Return the loss."""
        z = _raw_prediction(coef, intercept, X)
        is_own = y[:, np.newaxis] == (1 if coef.ndim == 1 else _list_classes(coef))
        return float(sample_weight @ np.logaddexp(0, np.where(is_own, -z, z)).sum(axis=1))

    def _take_long_step(self, coef, intercept, X, y, sample_weight):
        """Return the start moved by the steps of all rows, each from the start."""
        moved_coef, moved_intercept = coef, intercept
        for i in np.flatnonzero(sample_weight):  # a batch without weight is an error
            row = X[i : i + 1], y[i : i + 1], sample_weight[i : i + 1]
            after = super()._take_long_step(coef, intercept, *row)
            moved_coef = moved_coef + (after[0] - coef)
            moved_intercept = moved_intercept + (after[1] - intercept)
        return moved_coef, moved_intercept

    def _train(self, coef, intercept, X, y, sample_weight, learning_rate, n_steps):
        X = self.layout(X)
        model = SGDClassifier(
            loss="log_loss",
            penalty=None,
            learning_rate="constant",
            eta0=learning_rate,
            shuffle=False,
        )
        model.partial_fit(X[:1], [0], classes=_list_classes(coef))  # allocates its arrays
        model.coef_[:], model.intercept_[:] = coef, intercept
        for _ in range(n_steps):
            model.partial_fit(X, y, sample_weight=sample_weight)
        return _shape_like(coef, model.coef_, model.intercept_)


@dataclass(frozen=True)
class MLPAdapter(_EstimatorAdapter):
    """The loss, the gradient and the steps of `MLPClassifier` without hidden layers.

    With ``hidden_layer_sizes=()`` it is a logistic regression, or for more than two classes
    a softmax regression. Its solver is "sgd" without momentum, with ``alpha=0`` and all
    rows in one batch. The adapter sets `coefs_` and `intercepts_`, and the gradient is the
    way that one `partial_fit` goes from there, divided by `learning_rate_init`. The loss is
    the weighted mean of the log losses, computed by the adapter, since `loss_` clips
    probabilities near 0.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_neuron.testing import MLPAdapter
    >>> X, y = np.array([[0.0], [2.0]]), np.array([0, 1])
    >>> d_coef, d_intercept = MLPAdapter().gradient(np.zeros(1), 0.0, X, y, np.ones(2))
    >>> d_coef, d_intercept
    (array([-0.5]), 0.0)
    """

    def loss(self, coef: Any, intercept: Any, X: Any, y: Any, sample_weight: Any) -> float:
        """Return the loss."""
        z = _raw_prediction(coef, intercept, X)
        if coef.ndim == 1:
            z = np.hstack([np.zeros_like(z), z])
        losses = logsumexp(z, axis=1) - z[np.arange(len(y)), y]
        return float(np.average(losses, weights=sample_weight))

    def _train(self, coef, intercept, X, y, sample_weight, learning_rate, n_steps):
        model = MLPClassifier(
            hidden_layer_sizes=(),
            solver="sgd",
            alpha=0.0,
            batch_size=len(y),
            learning_rate_init=learning_rate,
            momentum=0.0,
            shuffle=False,
        )
        train = partial(model.partial_fit, X, y, sample_weight=sample_weight)
        train(classes=_list_classes(coef))  # allocates its arrays
        model.coefs_[0][:] = np.atleast_2d(coef).T
        model.intercepts_[0][:] = intercept
        for _ in range(n_steps):
            train()
        return _shape_like(coef, model.coefs_[0].T, model.intercepts_[0])


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", repr(function))


def _list_classes(coef):
    return np.arange(2 if coef.ndim == 1 else len(coef))


def _raw_prediction(coef, intercept, X):
    return X.astype(np.float64) @ np.atleast_2d(coef).T + intercept


def _shape_like(coef, learned_coef, learned_intercept):
    """Return the weights that a model learned in the shapes that the checks use."""
    if coef.ndim == 1:
        return learned_coef[0], float(learned_intercept[0])
    return learned_coef, learned_intercept
