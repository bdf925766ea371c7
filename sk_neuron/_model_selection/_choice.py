"""Choose a candidate and an iteration count from the scores of the folds."""

from typing import NamedTuple

import numpy as np

from sk_neuron._input_validation import measure_noise

# Minimum gain in the score, in standard errors, to choose more label noise: a one-sided
# test at the level of 1 %, since there are many candidates.
_MIN_GAIN = 2.33


class Choice(NamedTuple):
    """The chosen candidate and count, and the count with the best score."""

    candidate: tuple[int, int]  # indices of the alpha and the label noise
    iters_index: int
    score: float
    best_iters_index: int


def choose(search, *, one_standard_error):
    """Return the `Choice` with the best score, or the simplest one near it."""
    scores = drop_failed(search.scores)
    if len(scores) == 0 or np.isnan(scores).any(axis=0).all():
        fold, reason = min(search.failures.items())
        raise ValueError(f"No iteration count could be scored. In fold {fold}: {reason}")
    noise = _choose_noise(scores, search.candidates.label_noises, search.folds)
    mean, error = _summarize(scores[:, :, noise])
    best = alpha, count = np.unravel_index(np.argmax(mean), mean.shape)
    if one_standard_error:
        near = mean >= mean[best] - error[best]
        count = np.flatnonzero(near.any(axis=0))[0]
        alpha = np.argmax(mean[:, count])
    candidate = int(alpha), noise
    return Choice(candidate, int(count), float(mean[alpha, count]), int(best[1]))


def drop_failed(scores):
    """Return the scores of the folds that have scores for every label noise.

    With label noise the descent of a fold may overflow, or its scorer fail. If no fold has
    scores for every label noise, return the folds that have any scores.
    """
    has_scores = ~np.isnan(scores).all(axis=(1, 3))  # (n_folds, n_label_noises)
    is_whole = has_scores.all(axis=1)
    return scores[is_whole if is_whole.any() else has_scores.any(axis=1)]


def _summarize(scores):
    """Return the mean over folds and its standard error, (n_alphas, n_iters)."""
    n_folds = len(scores)
    mean = np.average(scores, axis=0)
    with np.errstate(invalid="ignore"):  # scores may be infinite
        error = scores.std(axis=0, ddof=min(1, n_folds - 1)) / np.sqrt(n_folds)
    return np.where(np.isnan(mean), -np.inf, mean), np.nan_to_num(error)


def _choose_noise(scores, label_noises, folds):
    """Return the index of the label noise with the best score, or of the least noise.

    Overlap of the classes looks like label noise. So more label noise is chosen only if its
    score is significantly better.
    """
    means = np.stack([_summarize(scores[:, :, k])[0] for k in range(len(label_noises))])
    best = [np.unravel_index(np.argmax(mean), mean.shape) for mean in means]
    sizes = np.array([measure_noise(noise) for noise in label_noises])
    sizes[means.max(axis=(1, 2)) == -np.inf] = np.inf  # no scores
    least = int(np.argmin(sizes))
    if len(label_noises) == 1 or len(scores) == 1:
        return least
    scores = np.stack([scores[:, i, k, j] for k, (i, j) in enumerate(best)])
    gain, error = _compare(scores, scores[least], folds)
    mean = np.where(gain > _MIN_GAIN * error, scores.mean(axis=1), -np.inf)
    return int(np.argmax(mean)) if mean.max() > -np.inf else least


def _compare(scores, others, folds):
    """Return the mean gain of scores (..., n_folds) over others, and its standard error.

    Folds share training rows, so the variance over folds is too small. It is increased by
    the ratio of test to training rows (C. Nadeau and Y. Bengio, "Inference for the
    generalization error", Machine Learning 52, 2003).
    """
    ratio = np.mean([len(test) / len(train) for train, test in folds])
    with np.errstate(invalid="ignore"):  # scores may be infinite
        gains = scores - others
        variance = gains.var(axis=-1, ddof=1)
        return gains.mean(axis=-1), np.sqrt((1 / gains.shape[-1] + ratio) * variance)
