"""How estimators are asked for loss, gradient and steps at coefficients of one's own."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.utils.class_weight import compute_sample_weight

from sk_neuron._classifier import SigmoidNeuronClassifier

# A gradient is (start - after a step) / step size. The longer the step, the less of it is
# lost in the digits of the start; a power of two rounds nothing; float32 ends at 2^128.
_LONG = 2.0**60

Coefs = tuple[NDArray[Any], Any]


class Adapter(Protocol):
    """What the checks ask: any object with these two methods, or up to four.

    For two classes `coef` has the shape (n_features,) and `intercept` is a float; for
    n_classes > 2 the shapes are (n_classes, n_features) and (n_classes,). `y` holds
    integers from 0 to n_classes - 1, not always all of them: how many classes there are is
    read off `coef`. Some, but never all, of the weights may be 0. Problems of three classes
    are drawn as well, unless ``problems(n_classes=(2, 2))`` is passed.

    Two more methods are optional; for both `y` has all classes::

        step(coef, intercept, X, y, sample_weight, learning_rate, n_steps)

    returns coef and intercept after n_steps steps. Without it a step goes against the
    gradient, `learning_rate` times as far::

        descend(coef, intercept, X, y, sample_weight, n_steps)

    returns coef and intercept after n_steps steps of an optimiser that chooses its own step
    sizes. To have it is to declare that no number of steps ends with a larger loss than
    fewer steps do.

    Examples
    --------
    >>> from sk_neuron.testing import Adapter, NeuronAdapter
    >>> adapter: Adapter = NeuronAdapter()
    """

    def loss(
        self,
        coef: NDArray[Any],
        intercept: Any,
        X: NDArray[Any],
        y: NDArray[Any],
        sample_weight: NDArray[Any],
    ) -> float:
        """Return the loss at these coefficients."""

    def gradient(
        self,
        coef: NDArray[Any],
        intercept: Any,
        X: NDArray[Any],
        y: NDArray[Any],
        sample_weight: NDArray[Any],
    ) -> Coefs:
        """Return the gradient of the loss, in the shapes of `coef` and `intercept`."""


@dataclass(frozen=True)
class FunctionAdapter:
    """Plain functions, to be tested as an estimator is.

    Parameters
    ----------
    loss : callable
        ``loss(coef, intercept, X, y, sample_weight)`` returns a float.

    gradient : callable
        ``gradient(coef, intercept, X, y, sample_weight)`` returns the pair `d_coef` and
        `d_intercept`.

    step : callable or None, default=None
        ``step(coef, intercept, X, y, sample_weight, learning_rate, n_steps)`` returns
        `coef` and `intercept` after so many steps.

    descend : callable or None, default=None
        ``descend(coef, intercept, X, y, sample_weight, n_steps)`` returns `coef` and
        `intercept` after so many steps of a monotone optimiser.

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


@dataclass(frozen=True)
class NeuronAdapter:
    """The gradient and the steps of a `SigmoidNeuronClassifier`, by its public interface.

    The gradient is what one `partial_fit` with ``init=(coef, intercept)`` moves, over its
    `learning_rate`; steps are those of `fit`, and it descends with
    ``learning_rate="auto"``. The gradient is correct to the last digits where it is between
    1e-18 times the coefficients and 1e20 in size.

    The loss is ``1/2 Σ s ‖e‖² + alpha/2 ‖coef‖²``, from `loss_curve_`. For two classes the
    error e of a row is ``t - o``, its target less the output; for more it is ``e_y - p``,
    the indicator of its class less the probabilities of the softmax layer.

    Parameters
    ----------
    neuron : SigmoidNeuronClassifier, default=SigmoidNeuronClassifier()
        Its `alpha`, `fit_intercept` and `class_weight` count, of which "balanced" cannot,
        since it depends on all rows. Step, start and number of steps are set by what is
        asked, and nothing ends a fit early. Without an intercept that of the start is
        ignored, and `step` returns it as it is.

    layout : callable, default=np.asarray
        How `X` is to lie in memory: ``np.asfortranarray`` or ``scipy.sparse.csr_array``,
        for example.

    Raises
    ------
    TypeError
        If the neuron is of another kind.
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
            raise TypeError(f"The neuron is a SigmoidNeuronClassifier. Got {name} instead.")
        if self.neuron.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' depends on all rows of a fit, so that it has no "
                "gradient on some of them. Pass a dict."
            )

    def __repr__(self) -> str:
        return f"NeuronAdapter({self.neuron}, {_name(self.layout)})"

    def loss(
        self, coef: NDArray[Any], intercept: Any, X: Any, y: Any, sample_weight: Any
    ) -> float:
        """Return the loss."""
        after = self._take_step(coef, intercept, X, y, sample_weight)
        factor = compute_sample_weight(self.neuron.class_weight, y)
        decay = self.neuron.alpha * np.square(coef, dtype=np.float64).sum()
        return float(after.loss_curve_[-1] * (sample_weight @ factor) + decay) / 2

    def gradient(
        self, coef: NDArray[Any], intercept: Any, X: Any, y: Any, sample_weight: Any
    ) -> Coefs:
        """Return the gradient."""
        after = self._take_step(coef, intercept, X, y, sample_weight)
        start = intercept if self.neuron.fit_intercept else 0 * intercept
        return _difference(coef, start, after.coef_, after.intercept_)

    def step(
        self,
        coef: NDArray[Any],
        intercept: Any,
        X: Any,
        y: Any,
        sample_weight: Any,
        learning_rate: float | Literal["auto"],
        n_steps: int,
    ) -> Coefs:
        """Return coef and intercept after some steps of `fit`."""
        neuron = self._start(coef, intercept, learning_rate).set_params(max_iter=n_steps)
        with warnings.catch_warnings():  # of a start that is saturated
            warnings.simplefilter("ignore", ConvergenceWarning)
            neuron.fit(self.layout(X), y, sample_weight)
        coef, learned = _shape_like(coef, neuron.coef_, neuron.intercept_)
        return coef, learned if neuron.fit_intercept else intercept

    def descend(
        self,
        coef: NDArray[Any],
        intercept: Any,
        X: Any,
        y: Any,
        sample_weight: Any,
        n_steps: int,
    ) -> Coefs:
        """Return coef and intercept after some steps of ``learning_rate="auto"``."""
        return self.step(coef, intercept, X, y, sample_weight, "auto", n_steps)

    def _start(self, coef: Any, intercept: Any, learning_rate: Any) -> Any:
        params = self.neuron.get_params(deep=False)
        params["init"] = (coef, intercept) if params["fit_intercept"] else coef
        params |= {"learning_rate": learning_rate, "checkpoints": None, "verbose": 0}
        params |= {"tol": 0.0, "early_stopping": False, "warm_start": False}
        return type(self.neuron)(**params)  # `clone` would copy the coefficients

    def _take_step(
        self, coef: Any, intercept: Any, X: Any, y: Any, sample_weight: Any
    ) -> Any:
        neuron = self._start(coef, intercept, _LONG)
        classes = np.arange(_count_classes(coef))
        return neuron.partial_fit(self.layout(X), y, classes, sample_weight)


@dataclass(frozen=True)
class SGDAdapter:
    """The gradient and the steps of scikit-learn's `SGDClassifier`.

    It is ``SGDClassifier(loss="log_loss", penalty=None, learning_rate="constant")``, whose
    step is one row's. So the gradient is the sum of the steps of all rows, each from the
    same coefficients: what one `partial_fit` of the row moves, over `eta0`. A step of the
    checks is an epoch, `partial_fit` on all rows in their order. The loss is the sum of the
    log losses, computed here.

    Parameters
    ----------
    layout : callable, default=np.asarray
        How `X` is to lie in memory, ``scipy.sparse.csr_array`` for example.

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

    def loss(
        self, coef: NDArray[Any], intercept: Any, X: Any, y: Any, sample_weight: Any
    ) -> float:
        """Return the loss."""
        z = _raw_prediction(coef, intercept, X)
        positive = y[:, np.newaxis] == (np.arange(z.shape[1]) if z.shape[1] > 1 else 1)
        return float(sample_weight @ np.logaddexp(0, np.where(positive, -z, z)).sum(axis=1))

    def gradient(
        self, coef: NDArray[Any], intercept: Any, X: Any, y: Any, sample_weight: Any
    ) -> Coefs:
        """Return the gradient."""
        X = self.layout(X)
        model = self._make(coef, X, _LONG)
        d_coef, d_intercept = np.zeros_like(coef), 0 * intercept
        for i in np.flatnonzero(sample_weight):  # it refuses a batch of weight 0
            model.coef_[:], model.intercept_[:] = coef, intercept
            row = slice(i, i + 1)
            model.partial_fit(X[row], y[row], sample_weight=sample_weight[row])
            more = _difference(coef, intercept, model.coef_, model.intercept_)
            d_coef, d_intercept = d_coef + more[0], d_intercept + more[1]
        return d_coef, d_intercept

    def step(
        self,
        coef: NDArray[Any],
        intercept: Any,
        X: Any,
        y: Any,
        sample_weight: Any,
        learning_rate: float,
        n_steps: int,
    ) -> Coefs:
        """Return coef and intercept after some epochs."""
        X = self.layout(X)
        model = self._make(coef, X, learning_rate)
        model.coef_[:], model.intercept_[:] = coef, intercept
        for _ in range(n_steps):
            model.partial_fit(X, y, sample_weight=sample_weight)
        return _shape_like(coef, model.coef_, model.intercept_)

    def _make(self, coef: Any, X: Any, learning_rate: float) -> Any:
        """Return a model that has its arrays; what is in them is to be replaced."""
        model = SGDClassifier(
            loss="log_loss",
            penalty=None,
            learning_rate="constant",
            eta0=learning_rate,
            shuffle=False,
        )
        return model.partial_fit(X[:1], [0], classes=np.arange(_count_classes(coef)))


@dataclass(frozen=True)
class MLPAdapter:
    """The gradient and the steps of scikit-learn's `MLPClassifier` without hidden layers.

    With ``hidden_layer_sizes=()`` it is a logistic, or for more than two classes a softmax,
    regression. Its solver is "sgd" without momentum, without `alpha` and with all rows in
    one batch. `coefs_` and `intercepts_` are set, and the gradient is what one
    `partial_fit` moves, over `learning_rate_init`. The loss is the weighted mean of the log
    losses, computed here, since `loss_` is clipped where the model is sure.

    Examples
    --------
    >>> import numpy as np
    >>> from sk_neuron.testing import MLPAdapter
    >>> X, y = np.array([[0.0], [2.0]]), np.array([0, 1])
    >>> d_coef, d_intercept = MLPAdapter().gradient(np.zeros(1), 0.0, X, y, np.ones(2))
    >>> d_coef, d_intercept
    (array([-0.5]), 0.0)
    """

    def loss(
        self, coef: NDArray[Any], intercept: Any, X: Any, y: Any, sample_weight: Any
    ) -> float:
        """Return the loss."""
        z = _raw_prediction(coef, intercept, X)
        if z.shape[1] == 1:
            z = np.hstack([np.zeros_like(z), z])
        losses = logsumexp(z, axis=1) - z[np.arange(len(y)), y]
        return float(np.average(losses, weights=sample_weight))

    def gradient(
        self, coef: NDArray[Any], intercept: Any, X: Any, y: Any, sample_weight: Any
    ) -> Coefs:
        """Return the gradient."""
        after = self._advance(coef, intercept, X, y, sample_weight, _LONG, 1)
        return _difference(coef, intercept, *after)

    def step(
        self,
        coef: NDArray[Any],
        intercept: Any,
        X: Any,
        y: Any,
        sample_weight: Any,
        learning_rate: float,
        n_steps: int,
    ) -> Coefs:
        """Return coef and intercept after some steps."""
        after = self._advance(coef, intercept, X, y, sample_weight, learning_rate, n_steps)
        return _shape_like(coef, *after)

    def _advance(
        self, coef: Any, intercept: Any, X: Any, y: Any, weight: Any, rate: float, n: int
    ) -> Coefs:
        model = MLPClassifier(
            hidden_layer_sizes=(),
            solver="sgd",
            alpha=0.0,
            batch_size=len(y),
            learning_rate_init=rate,
            momentum=0.0,
            nesterovs_momentum=False,
            shuffle=False,
        )
        classes = np.arange(_count_classes(coef))
        model.partial_fit(X, y, classes=classes, sample_weight=weight)  # makes its arrays
        (coef_,), (intercept_,) = model.coefs_, model.intercepts_
        coef_[:], intercept_[:] = np.atleast_2d(coef).T, intercept
        for _ in range(n):
            model.partial_fit(X, y, sample_weight=weight)
        return coef_.T, intercept_


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", repr(function))


def _count_classes(coef: NDArray[Any]) -> int:
    return 2 if coef.ndim == 1 else len(coef)


def _raw_prediction(coef: Any, intercept: Any, X: Any) -> Any:
    return X.astype(np.float64) @ np.atleast_2d(coef).T + intercept


def _shape_like(coef: Any, learned_coef: Any, learned_intercept: Any) -> Coefs:
    """Return what a model learned in the shapes of the checks."""
    if coef.ndim == 1:
        return learned_coef[0].copy(), float(learned_intercept[0])
    return learned_coef.copy(), learned_intercept.copy()


def _difference(coef: Any, intercept: Any, after_coef: Any, after_intercept: Any) -> Coefs:
    """Return the gradient that led from a start to where a long step ended."""
    after_coef, after_intercept = _shape_like(coef, after_coef, after_intercept)
    return (coef - after_coef) / _LONG, (intercept - after_intercept) / _LONG
