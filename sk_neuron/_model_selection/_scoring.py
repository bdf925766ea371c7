"""Read how a search scores: from raw predictions if possible, else with a scorer."""

import copy
import inspect
import warnings

import numpy as np
from sklearn import metrics

from sk_neuron._input_validation import (
    check_sample_weight,
    measure_noise,
    scale_by_power,
)
from sk_neuron._model_selection._records import ScoringSpec
from sk_neuron._model_selection._scores import MULTILABEL_ROW_SCORES, ROW_SCORES


def read_scoring(scoring, classes, multilabel, params):
    """Return the `ScoringSpec`; `params` are the metadata for the scorer."""
    row_score = get_row_score(scoring, multilabel)
    is_brier_score = isinstance(scoring, str) and scoring == "neg_brier_score"
    scorer = add_classes(get_scorer(scoring), classes, multilabel)
    return ScoringSpec(row_score, is_brier_score, scorer, params)


def get_scorer(scoring):
    """Return the scorer of a name; None means the accuracy."""
    return metrics.get_scorer("accuracy" if scoring is None else scoring)


def add_classes(scorer, classes, multilabel):
    """Return a copy of a scorer that knows all classes, and which of two is positive.

    A fold may lack a class, and a scorer cannot know which of two words is positive.
    `LogisticRegressionCV` does the same.
    """
    if multilabel or not hasattr(scorer, "_score_func"):
        return scorer
    parameters = inspect.signature(scorer._score_func).parameters
    known, average = {}, "binary"
    if "labels" in parameters:
        known["labels"] = classes
        default = parameters["average"].default if "average" in parameters else "binary"
        average = scorer._kwargs.get("average", default)
    if "pos_label" in parameters and len(classes) == 2:  # an average over both has none
        known["pos_label"] = classes[-1] if average == "binary" else None
    copied = copy.copy(scorer)
    copied._kwargs = known | scorer._kwargs
    return copied


def get_row_score(scoring, multilabel):
    """Return the function that scores rows, or None if only a scorer can."""
    scoring = "accuracy" if scoring is None else scoring
    known = MULTILABEL_ROW_SCORES if multilabel else ROW_SCORES
    return known.get(scoring) if isinstance(scoring, str) else None


def average_scores(scores, sample_weight):
    """Return the weighted mean of the scores of rows."""
    if sample_weight is not None:
        weight = check_sample_weight(sample_weight, len(scores))
        sample_weight, _ = scale_by_power(weight)
    with np.errstate(under="ignore"):
        return float(np.average(scores, weights=sample_weight))


def takes_weight(scorer):
    """Return whether a scorer takes sample_weight: that of a metric, if the metric does."""
    function = getattr(scorer, "_score_func", scorer)
    parameters = inspect.signature(function).parameters.values()
    return any(p.name == "sample_weight" or p.kind == p.VAR_KEYWORD for p in parameters)


def warn_of_scorer(scoring, label_noises, multilabel):
    """Warn of a scorer that cannot compare label noises correctly."""
    asks_for_answers = isinstance(get_scorer(scoring), type(get_scorer("accuracy")))
    is_noisy = any(map(measure_noise, label_noises))
    if is_noisy and asks_for_answers and get_row_score(scoring, multilabel) is None:
        warnings.warn(
            "With label noise, the scorer compares answers about the true labels with "
            "the recorded ones in y, and cannot tell which label noise is best. Use "
            '"neg_brier_score", "neg_log_loss", "accuracy" or recorded_brier_score.',
            UserWarning,
            stacklevel=4,  # at the call of `fit`
        )
