"""How a search scores: by the raw predictions of rows where it can, else by a scorer."""

import inspect
import warnings

from sklearn import metrics

from sk_neuron._input_validation import measure_noise
from sk_neuron._model_selection._records import ScoringSpec
from sk_neuron._model_selection._scores import MULTILABEL_ROW_SCORES, ROW_SCORES


def read_scoring(scoring, multilabel, params):
    """Return how to score; `params` are the metadata for the scorer."""
    row_score = get_row_score(scoring, multilabel)
    is_brier_score = scoring in (None, "neg_brier_score")
    return ScoringSpec(row_score, is_brier_score, get_scorer(scoring), params)


def get_scorer(scoring):
    """Return a scorer by its name, or as it is; that of the Brier score for None."""
    return metrics.get_scorer("neg_brier_score" if scoring is None else scoring)


def get_row_score(scoring, multilabel):
    """Return how to score from raw predictions, or None where that takes a scorer."""
    scoring = "neg_brier_score" if scoring is None else scoring
    known = MULTILABEL_ROW_SCORES if multilabel else ROW_SCORES
    return known.get(scoring) if isinstance(scoring, str) else None


def takes_weight(scorer):
    """Return whether a scorer takes sample_weight: those of scikit-learn say **kwargs."""
    parameters = inspect.signature(scorer).parameters.values()
    return any(p.name == "sample_weight" or p.kind == p.VAR_KEYWORD for p in parameters)


def warn_of_scorer(scoring, label_noises, multilabel):
    """Warn of a scorer that would choose the label noise by the wrong comparison."""
    asks_for_answers = isinstance(get_scorer(scoring), type(get_scorer("accuracy")))
    is_noisy = any(map(measure_noise, label_noises))
    if is_noisy and asks_for_answers and get_row_score(scoring, multilabel) is None:
        warnings.warn(
            "With label noise, the scorer compares answers about the true labels with "
            "the recorded ones in y, and cannot tell which label noise is best. Use "
            '"neg_brier_score", "neg_log_loss", "accuracy" or recorded_brier_score.',
            UserWarning,
            stacklevel=4,
        )
