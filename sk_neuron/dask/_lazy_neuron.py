"""What the estimators of this room share: lazy answers to lazy rows."""

from functools import wraps
from typing import Any

from sk_neuron._base import BaseNeuron, check_has_answers, needs_fit_on_all_rows


def is_lazy(X: Any) -> bool:
    """Return whether X is a dask collection; dask need not be there."""
    return hasattr(X, "__dask_graph__")


def bring_here(column: Any) -> Any:
    """Return labels or weights in memory."""
    return column.compute() if is_lazy(column) else column


def _answer_both(name: str) -> Any:
    """Return a method of a neuron that answers lazily if X is a dask collection."""

    @needs_fit_on_all_rows
    @wraps(getattr(BaseNeuron, name))
    def answer(self, X, *args, **columns):
        if not is_lazy(X):
            return getattr(super(LazyNeuron, self), name)(X, *args, **columns)
        from sk_neuron.dask._answers import answer_lazily

        check_has_answers(self)
        columns |= dict(zip(("y", "sample_weight"), args, strict=False))
        columns = {key: value for key, value in columns.items() if value is not None}
        return answer_lazily(self, name, X, columns)

    return answer


class LazyNeuron(BaseNeuron):
    """A neuron whose answers to a dask collection are dask arrays with the same blocks."""

    decision_function = _answer_both("decision_function")
    predict_proba = _answer_both("predict_proba")
    predict_log_proba = _answer_both("predict_log_proba")
    predict = _answer_both("predict")
    predict_recorded_proba = _answer_both("predict_recorded_proba")
    label_quality = _answer_both("label_quality")
    influence = _answer_both("influence")

    @needs_fit_on_all_rows
    @wraps(BaseNeuron.score)
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the score of the answers to X."""
        if is_lazy(X):
            check_has_answers(self)
            X, y, sample_weight = read_lazily(X, y, sample_weight)
        return super().score(X, y, sample_weight)


def read_lazily(
    X: Any, y: Any, sample_weight: Any, client: Any = None, **params: Any
) -> tuple[Any, Any, Any]:
    """Return dask collections as the estimators take them: see `read_rows`."""
    from sk_neuron.dask._rows import read_rows
    from sk_neuron.dask._scheduler import find_scheduler

    return read_rows(X, y, sample_weight, find_scheduler(client, X), **params)
