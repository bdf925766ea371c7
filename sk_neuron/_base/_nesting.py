"""The estimator inside Pipelines and searches."""

from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline, make_pipeline


def split_estimator(estimator):
    """Return the steps before the last estimator of a Pipeline, None without any, and it.

    Pipelines may be in each other; of a fitted search it is that of the best estimator.
    """
    steps = []
    while True:
        if hasattr(estimator, "cv_results_") and not hasattr(estimator, "best_estimator_"):
            raise NotFittedError(
                f"This {type(estimator).__name__} was fitted with refit=False, and has no "
                "best_estimator_."
            )
        if hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif isinstance(estimator, Pipeline):
            steps += [estimator[:-1]] if len(estimator) > 1 else []
            estimator = estimator[-1]
        else:
            before = make_pipeline(*steps) if len(steps) > 1 else None
            return steps[0] if len(steps) == 1 else before, estimator
