"""The estimator: validate, build, solve, store."""

import copy
from functools import partial
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sk_neuron._base import describe_features, describe_neuron
from sk_neuron._input_validation import (
    PARAMETERS,
    Samples,
    check_labels,
    check_sample_weight,
    encode_labels,
    fit_context,
    list_classes,
    read_training_data,
    read_validation_rows,
)
from sk_neuron._model_selection._hold_out import hold_out
from sk_neuron._solver._callbacks import FitTask, ProgressLines
from sk_neuron._solver._curves import describe_curves
from sk_neuron._solver._outcome import check_weights, raise_interrupt, warn_of_fit
from sk_neuron._solver._setup import build_fit_loop, choose_seed, read_checkpoints
from sk_neuron._solver._validation import warn_of_scale
from sk_neuron._stepwise import StepwiseNeuron


class SigmoidNeuronClassifier(StepwiseNeuron):
    r"""A sigmoid neuron or softmax layer, trained on the Brier score by gradient descent.

    With two classes it is one sigmoid neuron. It minimises, over all rows at once,

    .. math:: \tfrac12 \sum_i s_i \left(t_i - \sigma(x_i \cdot w + b)\right)^2
              + \tfrac\alpha2 \lVert w \rVert^2

    where :math:`\sigma` is the sigmoid, :math:`t_i` is 1 for rows of ``classes_[1]`` and 0
    for the others, and :math:`s_i` is the weight of the row. With more classes it is one
    softmax layer, which has weights :math:`w_k` and an intercept :math:`b_k` for each class
    and minimises

    .. math:: \tfrac12 \sum_i s_i \left\lVert e_{y_i} - p_i \right\rVert^2
              + \tfrac\alpha2 \sum_k \lVert w_k \rVert^2

    where :math:`p_i` is the softmax of all :math:`x_i \cdot w_k + b_k`, and :math:`e_y` is
    1 for the class of the row and 0 for the others. For multilabel `y` it is one sigmoid
    neuron per label. `predict_proba` returns the outputs of this formula, and nothing is
    rescaled afterwards.

    The sum of squares is, up to its factor, the Brier score [1]_. It is a bounded proper
    scoring rule: a mislabelled row adds at most 1 to the sum of a neuron, and at most 2 to
    that of a layer, so wrong labels do limited damage to the probabilities.

    The fewer steps, the stronger the regularisation, so `max_iter` is the parameter to
    search over. :class:`SigmoidNeuronClassifierCV` does that in about the time of a few
    fits. Scale the features first, for example with
    :class:`~sklearn.preprocessing.StandardScaler`.

    Parameters
    ----------
    max_iter : int, default=100
        The number of steps of a fit, 1 or more. All are taken, unless `tol`,
        `early_stopping`, a callback or an interrupt ends the fit before.

    learning_rate : "auto" or float, default="auto"
        The step size :math:`\eta`. "auto" adapts it: a step is ``2**j / L`` with ``j >= 0``
        and ``L = c * sum_i s_i |x_i|^2 + alpha``, a bound of the curvature of the objective
        [2]_. Here ``c`` is 0.0770293 for a neuron and four times that for a layer, and the
        intercept counts as a column of ones. From one step to the next `j` grows by 2 at
        most, and is bounded by the curvature that the last step has met [3]_. A step that
        raises the objective, by more than rounding, is taken back. All weights of a layer
        share a step size, and each label of a multilabel `y` has its own. A positive float
        is used as it is; 1.0 is the step size of the article.

    alpha : float, default=0.0
        Strength of the weight decay, 0 or more. The objective is a sum over rows, so
        `alpha` weighs against the number of rows. The intercept is not decayed.

    label_noise : float, dict or array-like, default=0.0
        How many of the labels in `y` are wrong.

        - A float is the share of all labels that are wrong. It is the same for each true
          class, and each of the other classes is recorded equally often. For K classes it
          is below (K - 1) / K.
        - A dict is ``{class: share}``: of the rows whose true class is this one, the share
          that was recorded as another class. Classes left out have none. ``{1: 0.3}`` says
          that three in ten rows of class 1 are recorded as 0, for example because some
          positive rows are unlabelled.
        - For multilabel `y` it is one share below 0.5 for all labels, or an array of the
          share of each label.

        With label noise, `predict_proba` is about the true label. The objective compares
        the probability of the recorded label, `predict_recorded_proba`, with the labels in
        `y` [4]_. Weights that depend on the recorded label change the shares: with label
        noise leave `class_weight` alone.

    fit_intercept : bool, default=True
        Whether to learn an intercept. Without one, a column of ones in `X` plays its
        part and is decayed like the others.

    init : {"zeros", "uniform"}, array-like or tuple, default="zeros"
        The weights before the first step. "uniform" draws them from [-1, 1) with
        `random_state`; on unscaled data such a start can saturate the sigmoid and learn
        nothing, which is reported by a warning once `fit` is through. An array is `coef_`
        itself, (n_features,) or (n_outputs, n_features), with an intercept of 0; a tuple is
        a pair of `coef_` and `intercept_`, for example of a fitted
        :class:`~sklearn.linear_model.LogisticRegression`, with whose probabilities the fit
        then begins.

    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, ``{class: weight}``, 1 for classes left out. "balanced"
        gives all classes the same total weight, from the weighted counts of the classes.
        For multilabel `y` the classes of each label are 0 and 1.

    tol : float, default=0.0
        The fit ends once the loss has not fallen by more than `tol` within
        `n_iter_no_change` steps. This is the loss on the training rows, as in
        `loss_curve_`, and with `early_stopping` the loss on the validation rows. With
        ``tol=0`` and without `early_stopping` all steps are taken.

    n_iter_no_change : int, default=10
        How many steps to wait for the loss to fall, 1 or more.

    early_stopping : bool, default=False
        Whether to stop by the Brier score of validation rows, and to keep the weights of
        the step where it was lowest. The validation rows are `X_val` if that is passed to
        `fit`, else some rows of `X` are held out. The rows held out are not copied, and
        need no pass over `X` of their own.

    validation_fraction : float, default=0.1
        The share of each class to hold out with `early_stopping`, between 0 and 1; rows
        count by their weights. Which rows are drawn depends on `random_state` and on their
        values, but not on their order. Equal rows stay together, so a weight of 2 is the
        same as the row twice. Multilabel `y` counts as one class.

    checkpoints : array-like of int or None, default=None
        Iteration counts from 0 (the start) to `max_iter` at which to keep the weights, for
        `checkpoint_coefs_` and the ``staged_`` methods. They are sorted, and repeats are
        dropped. With `warm_start` they count from where the call begins.

    warm_start : bool, default=False
        Whether `fit` goes on from where the last one ended, with `max_iter` more steps, on
        the same classes and features. On the same data, a steps and then b steps give the
        same weights as a + b steps, bit for bit, if all these fits had ``warm_start=True``.
        After an early stop it goes on from the best step and forgets the later ones.

    verbose : int, default=0
        If not 0, print the loss at most once a second, and at the end.

    random_state : int, RandomState instance or None, default=None
        The generator of a "uniform" start, and of the rows held out by `early_stopping`.

    Attributes
    ----------
    best_n_iter_ : int
        The number of steps after which the loss on the validation rows was lowest; of equal
        ones the first. With `early_stopping` it is the best step of this fit, whose weights
        are kept. Only after a fit with validation rows.

    best_validation_score_ : float
        Minus the lowest loss on the validation rows: like all scores, the larger the
        better. Only after a fit with validation rows.

    checkpoint_coefs_ : ndarray of shape (n_checkpoints, n_outputs, n_features)
        `coef_` at each of the `checkpoints`, where there are any.

    checkpoint_intercepts_ : ndarray of shape (n_checkpoints, n_outputs)
        `intercept_` at each of the `checkpoints`, where there are any.

    checkpoint_iters_ : ndarray of shape (n_checkpoints,)
        The `checkpoints` that the fit reached, sorted and without repeats, where there are
        any.

    classes_ : ndarray of shape (n_classes,)
        The classes, sorted; for multilabel `y` the indices of the labels.

    coef_ : ndarray of shape (n_outputs, n_features)
        Weights, in the precision of `X`. With two classes n_outputs is 1: the neuron
        answers for ``classes_[1]``. Else each class, or each label of a multilabel `y`, has
        weights of its own, in the order of `classes_`.

    intercept_ : ndarray of shape (n_outputs,)
        Intercepts.

    learning_rate_curve_ : ndarray of shape (`n_iter_`,) or (`n_iter_`, n_labels)
        The size of each step; for multilabel `y` with a column for each label. A step that
        was taken back is counted, too, and a shorter one follows it.

    loss_curve_ : ndarray of shape (`n_iter_`,)
        The Brier score on the training rows before each step: the weighted mean of their
        squared errors, as :func:`~sklearn.metrics.brier_score_loss` computes it for two
        classes and for more. For multilabel `y` it is summed over the labels. The weights
        are those of the rows times those of the classes. After a step that was taken back
        the loss is what it was before. With ``learning_rate="auto"`` and ``alpha=0`` the
        curve never rises.

    n_iter_ : int
        The number of steps taken. With `warm_start` it includes the steps that led to the
        weights from which the fit went on.

    n_features_in_ : int
        The number of features seen during `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during `fit`, where `X` has string column names.

    validation_loss_curve_ : ndarray of shape (`n_iter_` + 1,)
        The Brier score on the validation rows before each step and after the last, as in
        `loss_curve_`; NaN for steps that were taken without them. Only after a fit with
        validation rows.

    See Also
    --------
    SigmoidNeuronClassifierCV : Chooses the iteration count by cross-validation.
    iteration_path : The weights at many iteration counts.
    sklearn.linear_model.LogisticRegression : Fitted to the log loss: as good or better on
        clean labels, and more easily misled by wrong ones.
    sklearn.linear_model.SGDClassifier : Stochastic steps on other losses.
    sklearn.multiclass.OneVsRestClassifier : Around this classifier it trains one neuron per
        class, in place of one layer.
    sklearn.neural_network.MLPClassifier : Hidden layers, trained on the log loss.

    Notes
    -----
    `X` of float32 is trained and answered in float32; anything else in float64. Dense
    `X` of more than 2 MiB and CSR are not copied. Memory beyond `X` is the weights and the
    labels of the rows, with rows held out a byte more for each, and some arrays of the size
    of `coef_`. With validation rows there are also up to 32 MiB of weights, and 64 MiB if
    they are `X_val`. The compiled kernels have no array of (n_samples, n_outputs), and the
    NumPy kernel has one for sparse `X` only. A memory map is streamed.
    ``learning_rate="auto"`` in `partial_fit` takes a few copies of the batch.

    With ``learning_rate="auto"`` a last step that raised the objective is taken back, too:
    the weights learned are the better of the last two points. And all weights, and `alpha`,
    times a number change nothing but rounding.

    Where there are fewer rows than features and enough steps to make it pay, the descent
    runs on the products of the rows, ``X @ X.T``, and reaches the same weights but for
    rounding; with `warm_start` it never does.

    An interrupt from the keyboard ends a fit after a whole number of steps. The weights
    reached are kept, and ``KeyboardInterrupt`` is raised, so that an outer loop or search
    ends, too; `warm_start` goes on from there.

    From scikit-learn 1.9 on, ``set_callbacks`` takes callbacks that are told of every step
    and may end the fit; where a progress bar is alone it is told of each hundredth.

    References
    ----------
    .. [1] G. W. Brier, "Verification of forecasts expressed in terms of probability",
       Monthly Weather Review 78 (1950), 1-3.
    .. [2] Y. Nesterov, "Lectures on Convex Optimization", 2nd ed. (2018), section 1.2.3.
    .. [3] Y. Malitsky and K. Mishchenko, "Adaptive gradient descent without descent",
       ICML (2020), and "Adaptive proximal gradient method for convex optimization",
       NeurIPS (2024).
    .. [4] G. Patrini et al., "Making deep neural networks robust to label noise: a loss
       correction approach", CVPR (2017).

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
    0.972
    """

    n_iter_: int
    loss_curve_: NDArray[np.float64]

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = PARAMETERS

    def __init__(
        self,
        *,
        max_iter: int = 100,
        learning_rate: float | Literal["auto"] = "auto",
        alpha: float = 0.0,
        label_noise: float | dict[Any, float] | ArrayLike = 0.0,
        fit_intercept: bool = True,
        init: Literal["zeros", "uniform"] | ArrayLike | tuple[Any, Any] = "zeros",
        class_weight: dict[Any, float] | Literal["balanced"] | None = None,
        tol: float = 0.0,
        n_iter_no_change: int = 10,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        checkpoints: ArrayLike | None = None,
        warm_start: bool = False,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.alpha = alpha
        self.label_noise = label_noise
        self.fit_intercept = fit_intercept
        self.init = init
        self.class_weight = class_weight
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.verbose = verbose
        self.checkpoints = checkpoints
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Train the neuron or the layer.

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

        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Rows to validate on at every step. With `early_stopping` they take the place of
            rows held out; without it they are only looked at. In a Pipeline, have them
            transformed: ``Pipeline(..., transform_input=["X_val"])``.

        y_val : array-like of shape (n_val,) or (n_val, n_labels), default=None
            The labels of `X_val`, of classes that are in `y`.

        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the rows of `X_val`, 1 each if None.

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

        KeyboardInterrupt
            If the fit was interrupted from the keyboard; what was reached is stored.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` is reached with a positive `tol`; if the loss still falls at the
            end and the largest values of the features differ more than a thousandfold; if
            the answers are worse than a constant would be; if early stopping keeps a start
            of zeros, so that all answers are the same; or if a start other than zeros
            left a neuron or the layer saturated: no better than a constant, and without a
            gradient to improve.
        UserWarning
            If `X_val` seems not to be transformed as `X` is.
        """
        copied = copy.copy(self)  # so that a fit that raises leaves self as it was
        is_warm_start = self.warm_start and hasattr(self, "coef_")
        samples, classes = self._read_samples(copied, X, y, sample_weight, is_warm_start)
        checkpoints = read_checkpoints(self, samples, classes)
        held_out = seed = given = None
        passed = X_val, y_val, sample_weight_val
        if any(array is not None for array in passed):
            given = read_validation_rows(copied, *passed, samples, classes)
            warn_of_scale(samples.X, given.X)
        elif self.early_stopping:
            seed = choose_seed(self, is_warm_start)
            held_out = hold_out(samples, self.validation_fraction, seed)

        loop = build_fit_loop(
            self, samples, classes, held_out, given, checkpoints, is_warm_start
        )
        row_weight = None if sample_weight is None else samples.weight
        if row_weight is not None and held_out is not None:
            row_weight = row_weight[~held_out]
        task = FitTask(self, loop.max_iter, X, y, row_weight, held_out)
        lines = ProgressLines(self.verbose, type(self).__name__)
        multilabel = samples.y.ndim == 2
        seed = self._seed if is_warm_start and seed is None else seed
        describe = partial(
            self._describe, copied, classes, multilabel, seed, loop.problem, is_warm_start
        )

        result = loop.run(task, lines, describe)
        check_weights(loop.problem, result.learned.coef, result.learned.intercept)

        attributes = describe(result)
        self._store(attributes, samples.X, y)
        task.close(lambda: attributes)
        if result.is_interrupted:
            raise_interrupt(result.n_iter, loop.max_iter)
        is_zero_start = isinstance(self.init, str) and self.init == "zeros"
        warn_of_fit(
            result,
            loop.problem,
            tol=self.tol,
            max_iter=loop.max_iter,
            early_stopping=self.early_stopping,
            is_zero_start=is_warm_start or is_zero_start,
        )
        return self

    def _read_samples(self, copied, X, y, sample_weight, is_warm_start):
        """Return the samples and the classes; `copied` notes the features."""
        X, y, norms = read_training_data(copied, X, y, reset=not is_warm_start)
        y = check_labels(y)
        classes, labels = encode_labels(y)
        same = is_warm_start and np.array_equal(classes, self._classes)
        if is_warm_start and not (same and self._multilabel == (y.ndim == 2)):
            raise ValueError(
                "With warm_start=True a fit goes on with the classes of the one before, "
                f"{list_classes(self._classes)}, but y has {list_classes(classes)}."
            )
        weight = check_sample_weight(sample_weight, len(y))
        return Samples(X, y, labels, weight, norms), classes

    def _describe(self, copied, classes, multilabel, seed, problem, is_warm_start, result):
        """Return the fitted attributes of a neuron whose fit has this result."""
        learned, noise = result.learned, problem.label_noise
        return (
            describe_features(copied)
            | describe_neuron(classes, multilabel, learned.coef, learned.intercept, noise)
            | describe_curves(self, result, problem, is_warm_start)
            | {"_seed": seed}
        )
