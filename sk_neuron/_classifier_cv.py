"""A neuron whose iteration count, weight decay and label noise are cross-validated."""

import copy
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_consistent_length, indexable
from sklearn.utils.metadata_routing import UNUSED, MetadataRouter
from sklearn.utils.validation import validate_data

from sk_neuron._base import (
    LogisticNeuron,
    check_has_answers,
    describe_features,
    needs_fit_on_all_rows,
)
from sk_neuron._classifier import SigmoidNeuronClassifier
from sk_neuron._input_validation import (
    SEARCH_PARAMETERS,
    check_alphas,
    check_labels,
    check_sample_weight,
    choose_scored_labels,
    encode_known_labels,
    encode_labels,
    fit_context,
    list_iters,
    list_label_noises,
    read_training_data,
)
from sk_neuron._kernels import as_numpy
from sk_neuron._model_selection._choice import choose
from sk_neuron._model_selection._folds import draw_folds
from sk_neuron._model_selection._outcome import (
    describe_search,
    describe_stop,
    raise_interrupt,
    warn_of_search,
)
from sk_neuron._model_selection._records import Candidates, SearchInput
from sk_neuron._model_selection._routing import make_router, route_fit, route_score
from sk_neuron._model_selection._scoring import average_scores, read_scoring, warn_of_scorer
from sk_neuron._model_selection._search import Search
from sk_neuron._solver._callbacks import FitTask


class SigmoidNeuronClassifierCV(LogisticNeuron):
    """A :class:`SigmoidNeuronClassifier` whose iteration count is cross-validated.

    The fewer steps, the stronger the regularisation. A fit of t iterations is the start of
    every longer fit, so one descent gives the scores of all counts. All folds and weight
    decays, and the final fit on all rows, share each pass over `X`. The same pass computes
    the Brier score of each fold on the rows that it holds out.

    The scores are those of a :class:`~sklearn.model_selection.GridSearchCV` over `max_iter`
    and `alpha` on the same folds, up to rounding; with label noise, those by
    :func:`recorded_brier_score`. However many counts there are, the search takes at most as
    long as one fit of `max_iter` steps for each fold and candidate.

    Parameters
    ----------
    max_iter : int, default=300
        The largest count considered with ``iters="auto"``, 1 or more.

    iters : "auto" or array-like of int, default="auto"
        The counts to choose from. "auto" is up to 100 counts from 1 to `max_iter`, spread
        evenly on a logarithmic scale. An array is used as it is, sorted and without
        repeats, and `max_iter` is then not used; 0 stands for the start.

    alphas : array-like of float, default=(0.0,)
        The strengths of weight decay to choose from, 0 or more.

    label_noises : "auto" or list, default=(0.0,)
        The label noises to choose from, each as in :class:`SigmoidNeuronClassifier`. "auto"
        is none, and 0.1 to 0.4 of all labels; for two classes also 0.1 to 0.5 of either
        class alone. Candidates are compared by their largest share of a class. One with
        more noise than the least is chosen only if its best score is better beyond chance:
        by 2.33 standard errors of the differences in the folds, a level of 1 % [1]_. Of
        these the best is chosen, and with a single fold the least noise. Classes that no
        plane separates look like label noise in every fold, and may still be taken for it.

    cv : int, cross-validation generator or iterable, default=None
        How to split the rows; None is 5 folds, and an int a number of folds, stratified
        unless `y` is multilabel. Splits may overlap. They are drawn once.

    scoring : str, callable or None, default="neg_brier_score"
        What to maximise: the name of a scorer of scikit-learn, or a callable
        ``scorer(estimator, X, y)``. None is the accuracy, as in
        :class:`~sklearn.linear_model.LogisticRegressionCV`. "neg_brier_score",
        "neg_log_loss" and "accuracy" are computed for all folds at once; for multilabel `y`
        the Brier score is summed over the labels. Other scorers take longer: they are
        called for each fold and count, on a fitted classifier that lacks only the curves.
        They get all classes, and the last of two as the positive one. With label noise use
        one of these three, which judge the probabilities of the recorded labels, or
        :func:`recorded_brier_score`; other scorers warn.

    refit : bool, default=True
        Whether to fit on all rows with what was chosen. If False there are scores, but
        nothing to predict with.

    one_standard_error : bool, default=False
        Whether to choose the fewest iterations whose score is within one standard error of
        the best score, with the alpha that is best there, instead of the best score.

    learning_rate : "auto" or float, default="auto"
        The step size, as in :class:`SigmoidNeuronClassifier`; "auto" adapts separately in
        each fold and for each alpha.

    fit_intercept : bool, default=True
        Whether to learn an intercept.

    init : {"zeros", "uniform"}, default="zeros"
        The weights before the first step; all folds have the same.

    class_weight : dict, "balanced" or None, default=None
        Weights of the classes in training, computed for each fold if "balanced". They do
        not count in the scores: pass a `scoring` that values the classes in the same way.

    random_state : int, RandomState instance or None, default=None
        The generator of a "uniform" start.

    Attributes
    ----------
    n_iter_ : int
        The iteration count chosen.

    alpha_ : float
        The weight decay chosen.

    best_score_ : float
        The mean score over folds of what was chosen.

    iters_ : ndarray of shape (n_iters,)
        The counts considered, rising.

    alphas_ : ndarray of shape (n_alphas,)
        The weight decays considered, in their order.

    label_noise_ : float, dict or array-like
        The label noise chosen.

    label_noises_ : list
        The label noises considered, in their order.

    scores_ : ndarray of shape (n_folds, n_alphas, n_label_noises, n_iters)
        The score of each fold; NaN where fitting or scoring failed. The Brier score, log
        loss and accuracy are those of the labels as recorded.

    label_quality_ : ndarray of shape (n_samples,) or (n_samples, n_labels)
        The probability that the label of each training row is the true one, with what was
        chosen. It comes from the folds that held the row out, as a mean if there are
        several. NaN for rows that no fold has held out.

    n_features_in_ : int
        The number of features seen during `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during `fit`, where `X` has string column names.

    classes_ : ndarray of shape (n_classes,)
        The classes, sorted; for multilabel `y` the indices of the labels. This and what
        follows is there with ``refit=True``.

    coef_ : ndarray of shape (n_outputs, n_features)
        Weights fitted on all rows, in the precision of `X`; n_outputs is 1 with two
        classes, else the number of classes or labels.

    intercept_ : ndarray of shape (n_outputs,)
        Intercepts.

    learning_rate_curve_ : ndarray of shape (`n_iter_`,) or (`n_iter_`, n_labels)
        The size of each step of the fit on all rows, for each label of a multilabel `y`.

    loss_curve_ : ndarray of shape (`n_iter_`,)
        The Brier score on the training rows before each step of the fit on all rows.

    See Also
    --------
    SigmoidNeuronClassifier : The neuron or the layer itself.
    IterationPathDisplay : Draws the scores against the count.
    sklearn.linear_model.LogisticRegressionCV : The same for the log loss and its `C`.

    Notes
    -----
    `score` uses `scoring`, too, as in ``LogisticRegressionCV``. So by default `score` and
    ``cross_val_score`` of a search return minus the Brier score, 0 at best. `score` of a
    :class:`SigmoidNeuronClassifier` is the accuracy. Pass ``scoring="accuracy"`` to
    ``cross_val_score`` to choose by the Brier score and get the accuracy.

    Among equal scores the first alpha wins, then the fewest iterations, then the first
    label noise. A fold whose training rows lack a class learns all classes, as in
    ``LogisticRegressionCV``: it is the fit in which the rows held out have no weight. A
    fold that cannot be fitted or scored has the score NaN, as in ``GridSearchCV``, and is
    left out of the mean. Warnings name both.

    With metadata routing off, `sample_weight` counts in training and, by scorers that take
    it, in the scores, so that a weight of 2 is the row twice; ``GridSearchCV`` leaves the
    scores unweighted.

    Rounding can be seen after some hundred steps that adapt, with a fixed step so large
    that the descent diverges or oscillates, or in the classes of rows with equal outputs.

    From scikit-learn 1.9 on, callbacks are told of every count that is scored. One that
    asks to stop ends the search: it chooses among the counts it has scored. So does an
    interrupt from the keyboard; ``KeyboardInterrupt`` is raised once all is stored.

    Memory beyond `X` is some tens of bytes for each row, fold and candidate; some arrays of
    (columns, n_features), where columns is outputs times candidates times one more than
    folds; and the weights of all fits at each count, unless they would pass 256 MiB: then
    what was chosen descends once more. "neg_log_loss" and "accuracy", and the NumPy kernel
    for sparse `X`, need arrays of (n_samples, columns). Where one of these would pass 256
    MiB the fits go in batches, with the same result.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine
       Learning 52 (2003), 239-281.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sk_neuron import SigmoidNeuronClassifierCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> neuron = make_pipeline(StandardScaler(), SigmoidNeuronClassifierCV())
    >>> neuron.fit(X, y)[-1].n_iter_
    16
    """

    # as in LogisticRegressionCV: the weights of `score` are requested by the scorer alone
    __metadata_request__score: ClassVar[dict[str, Any]] = {"sample_weight": UNUSED}
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = SEARCH_PARAMETERS

    def __init__(
        self,
        *,
        max_iter: int = 300,
        iters: ArrayLike | Literal["auto"] = "auto",
        alphas: ArrayLike = (0.0,),
        label_noises: ArrayLike | Literal["auto"] = (0.0,),
        cv: int | BaseCrossValidator | Iterable[Any] | None = None,
        scoring: str | Callable[..., float] | None = "neg_brier_score",
        refit: bool = True,
        one_standard_error: bool = False,
        learning_rate: float | Literal["auto"] = "auto",
        fit_intercept: bool = True,
        init: Literal["zeros", "uniform"] = "zeros",
        class_weight: dict[Any, float] | Literal["balanced"] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.max_iter = max_iter
        self.iters = iters
        self.alphas = alphas
        self.label_noises = label_noises
        self.cv = cv
        self.scoring = scoring
        self.refit = refit
        self.one_standard_error = one_standard_error
        self.learning_rate = learning_rate
        self.fit_intercept = fit_intercept
        self.init = init
        self.class_weight = class_weight
        self.random_state = random_state

    # the parameters of scorers and splitters are the user's, too
    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        **params: Any,
    ) -> Self:
        """Choose the count, alpha and label noise, and train with them on all rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data, finite.

        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Class labels, or a multilabel indicator matrix of 0 and 1.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, in training and in the scores; 1 each if None.

        **params : dict
            `groups` for a splitter that needs them; with metadata routing on, whatever
            the splitter and the scorer request.

        Returns
        -------
        self : SigmoidNeuronClassifierCV
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data are out of range, if no fold can be scored, or if
            the chosen descent on all rows overflows. The estimator is then as it was
            before the call, but for what it has drawn from a RandomState instance.
        KeyboardInterrupt
            If the search was interrupted from the keyboard; what was scored is stored.

        Warns
        -----
        ConvergenceWarning
            If the best count is the last one considered; if the fit on all rows answers
            worse than a constant; or if a "uniform" start left a neuron or the layer
            saturated.
        FitFailedWarning
            If a fold could not be fitted or scored.
        UserWarning
            If the training rows of a fold lack a class; or if a scorer compares answers
            about true labels with recorded ones.
        """
        copied = copy.copy(self)  # so that a fit that raises leaves self as it was
        recorded = as_numpy(y)
        X_read, labels, norms = read_training_data(copied, X, recorded)
        labels, weight = check_labels(labels), sample_weight
        multilabel, (classes, _) = labels.ndim == 2, encode_labels(labels)
        iters, alphas = list_iters(self.iters, self.max_iter), check_alphas(self.alphas)
        noises = list_label_noises(self.label_noises, classes, multilabel)
        warn_of_scorer(self.scoring, noises, multilabel)
        if weight is not None:
            weight = check_sample_weight(weight, len(labels))
        split_params, score_params = route_fit(self, weight, params)

        X_rows, y_rows = indexable(X, choose_scored_labels(recorded, labels))
        search = Search(
            self._new_neuron(copied),
            SearchInput(X_rows, y_rows, X_read, labels, weight, norms),
            draw_folds(self.cv, X_rows, y_rows, labels, split_params),
            iters,
            Candidates(alphas, noises),
            read_scoring(self.scoring, classes, multilabel, score_params),
            self.refit,
        )
        task = FitTask(self, search.n_parts, X, recorded, weight)

        search.run(task, partial(describe_stop, search, self.one_standard_error))
        choice, final = choose(search, one_standard_error=self.one_standard_error), None
        if search.is_interrupted:
            if search.has_final_fit(choice):
                final = search.finish(choice)
            self._store(describe_search(search, choice, final), X_read, y)
            raise_interrupt(search)
        if self.refit:
            final = search.finish(choice)
        warn_of_search(search, choice, final)
        attributes = describe_search(search, choice, final)
        attributes["label_quality_"] = search.label_quality(choice)

        self._store(attributes, X_read, y)
        task.close(lambda: attributes if self.refit else None)
        return self

    @needs_fit_on_all_rows
    def score(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        **score_params: Any,
    ) -> float:
        """Return the score by `scoring` of the answers to X: no accuracy by default.

        As in :class:`~sklearn.linear_model.LogisticRegressionCV`. For the accuracy use
        ``scoring="accuracy"``, or `sklearn.metrics.accuracy_score` of `predict`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows to answer for, finite.

        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their labels, of the classes seen during `fit`. With label noise the Brier
            score, log loss and accuracy are those of labels as they are recorded. For true
            labels, score `predict_proba` or `predict` by a function of sklearn.metrics.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, finite and not negative; 1 each if None. A scorer that
            takes no weights raises an error then.

        **score_params : dict
            With metadata routing on, whatever else the scorer requests.

        Returns
        -------
        score : float
            The larger the better; by default minus the Brier score, 0 at best.
        """
        check_has_answers(self)
        y = as_numpy(y)
        recorded = check_labels(y)
        if sample_weight is not None:
            sample_weight = check_sample_weight(sample_weight, len(recorded))
        params = route_score(self, sample_weight, score_params)
        validate_data(self, X, reset=False, skip_check_array=True)  # its features
        scoring = read_scoring(self.scoring, self._classes, self._multilabel, params)
        # accuracy counts labels that were not seen as wrong, which is left to scikit-learn
        counts_unseen = self.scoring in (None, "accuracy") and self._label_noise is None
        if scoring.row_score is None or counts_unseen:
            y = choose_scored_labels(y, recorded)
            return float(scoring.scorer(self._as_neuron(), as_numpy(X), y, **params))
        z = as_numpy(self.decision_function(X)).reshape(-1, self.coef_.shape[0])
        labels = encode_known_labels(recorded, self._classes, self._multilabel)
        check_consistent_length(z, labels)
        scores = scoring.row_score(z, labels, as_numpy(self._label_noise))
        return average_scores(scores, params.get("sample_weight"))

    def get_metadata_routing(self) -> MetadataRouter:
        """Return which metadata go where.

        Returns
        -------
        routing : MetadataRouter
            That of `fit` to the splitter and the scorer, and of `score` to the scorer.
        """
        return make_router(self)

    def _new_neuron(self, fitted):
        """Return an unfitted neuron with the same parameters, and the features of a fit."""
        neuron, params = SigmoidNeuronClassifier(), self.get_params(deep=False)
        shared = params.keys() & neuron.get_params()
        neuron.set_params(**{name: params[name] for name in shared})
        neuron.__dict__.update(describe_features(fitted))
        return neuron

    def _as_neuron(self):
        """Return the fitted neuron by itself, whose `score` is accuracy."""
        neuron = self._new_neuron(self)
        neuron.set_params(alpha=self.alpha_, label_noise=self.label_noise_)
        learned = (
            "classes_",
            "coef_",
            "intercept_",
            "_multilabel",
            "_label_noise",
            "n_iter_",
        )
        vars(neuron).update({name: as_numpy(getattr(self, name)) for name in learned})
        return neuron
