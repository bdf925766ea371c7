"""What a search has found: its attributes, and what to warn of."""

import warnings

from sklearn.exceptions import ConvergenceWarning, FitFailedWarning

from sk_neuron._base import describe_features, describe_neuron, flatten
from sk_neuron._model_selection._choice import choose
from sk_neuron._solver._objective import mean_brier_score, report_losses
from sk_neuron._solver._outcome import (
    describe_saturation,
    describe_uneven_features,
    describe_worse_fit,
)


def describe_search(search, choice, final):
    """Return the attributes of a fitted estimator; `final` is None without a final fit."""
    attributes = describe_features(search.neuron) | {
        "iters_": search.iters,
        "alphas_": search.candidates.alphas,
        "scores_": search.scores,
        "label_noises_": search.candidates.label_noises,
        "alpha_": float(search.candidates.alphas[choice.candidate[0]]),
        "label_noise_": search.candidates.label_noises[choice.candidate[1]],
        "_noise_index": choice.candidate[1],
        "n_iter_": int(search.iters[choice.iters_index]),
        "best_score_": choice.score,
    }
    if final is None:
        return attributes
    problem, learned = final.problem, final.learned
    losses = mean_brier_score(problem.total_weight(), final.squared_error)
    return (
        attributes
        | describe_neuron(
            search.classes,
            search.data.y.ndim == 2,
            learned.coef,
            learned.intercept,
            problem.label_noise,
        )
        | {
            "loss_curve_": report_losses(problem, losses)[:-1],
            "learning_rate_curve_": flatten(final.step_sizes),
        }
    )


def describe_stop(search, one_standard_error):
    """Return the attributes of an estimator that stops now, or None if it cannot answer."""
    try:
        choice = choose(search, one_standard_error=one_standard_error)
        final = search.finish(choice) if search.has_final_fit(choice) else None
    except ValueError:  # no count could be scored until now, or the weights overflow
        return None
    return None if final is None else describe_search(search, choice, final)


def raise_interrupt(search):
    """Tell how far an interrupted search came."""
    raise KeyboardInterrupt(
        f"The search was interrupted after the count {search.iters[-1]}. What was scored "
        "until then is kept."
    )


def warn_of_search(search, choice, final):
    """Warn of folds, and of a choice or a fit on all rows that is probably not good."""
    _warn_of_folds(search)
    is_last_best = choice.best_iters_index == len(search.iters) - 1 > 0
    messages = [_describe_last_count(search.iters[-1])] if is_last_best else []
    if final is not None:
        problem, learned = final.problem, final.learned
        losses = mean_brier_score(problem.total_weight(), final.squared_error)
        is_zero_start = search.neuron.init == "zeros"
        if saturated := describe_saturation(problem, learned, is_zero_start=is_zero_start):
            messages.append(saturated)
        elif uneven := describe_uneven_features(problem, losses, may_fall=not is_last_best):
            messages = [f"{uneven}. The best count may be another one then."]
        elif worse := describe_worse_fit(problem, learned):
            messages.append(worse)
    for message in messages:
        warnings.warn(message, ConvergenceWarning, stacklevel=4)  # at the call of `fit`


def _describe_last_count(count):
    return (
        f"The best iteration count is the last one considered, {count}: more may be "
        "better. Raise max_iter, or the largest of iters if you pass them."
    )


def _warn_of_folds(search):
    """Warn of folds that could not be fitted or scored, or that lack a class."""
    if search.failures:
        _warn(
            "Some folds could not be fitted, or not be scored at every count. Their score "
            "is NaN there. Those without any score are left out of the mean, and so are "
            f"those that lack scores for a label noise.{_list_folds(search.failures)}",
            FitFailedWarning,
        )
    if search.missing:
        found = {fold: f"no row of {labels}" for fold, labels in search.missing.items()}
        _warn(
            "The training rows of some folds lack a class, so that these folds learn never "
            f"to answer it. Shuffle the rows or stratify the folds.{_list_folds(found)}",
            UserWarning,
        )


def _list_folds(reasons):
    """Return a line for each reason, with its folds; `reasons` is {fold: reason}."""
    lines = ""
    for reason in dict.fromkeys(reasons[fold] for fold in sorted(reasons)):
        folds = [str(fold) for fold in sorted(reasons) if reasons[fold] == reason]
        lines += f"\n  Fold {', '.join(folds)}: {reason}"
    return lines


def _warn(message, category):
    warnings.warn(message, category, stacklevel=6)  # at the call of `fit`
