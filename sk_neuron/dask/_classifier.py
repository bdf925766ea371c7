"""The classifier on dask arrays and data frames."""

from collections.abc import Iterator
from functools import wraps
from typing import Any, ClassVar, Self

from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.metaestimators import available_if

from sk_neuron import _classifier
from sk_neuron._stepwise import StepwiseNeuron, has_checkpoints
from sk_neuron.dask._lazy_neuron import LazyNeuron, bring_here, is_lazy, read_lazily


class SigmoidNeuronClassifier(LazyNeuron, _classifier.SigmoidNeuronClassifier):
    """A :class:`sk_neuron.SigmoidNeuronClassifier` of dask arrays and data frames.

    The rows of `X` stay where they are. A step asks each block for its part of the
    gradient, and only sums of these come back. So the descent is that of the classifier in
    memory: the weights are the same but for rounding, whatever the blocks. For the same
    blocks they are the same to the last bit, for any number of workers and threads, and if
    workers die on the way.

    Parameters and attributes are those of :class:`sk_neuron.SigmoidNeuronClassifier`. A
    fitted classifier is an ordinary one: it is pickled without its cluster, and it answers
    to arrays as well. To a dask collection it answers by a dask array, whose blocks are
    computed when they are asked for. What is not a dask collection is trained on as by the
    class in memory.

    See Also
    --------
    sk_neuron.SigmoidNeuronClassifier : The same in memory, where the parameters are told.
    SigmoidNeuronClassifierCV : Chooses the iteration count by cross-validation.

    Notes
    -----
    `X` is a dask array with blocks that are arrays or CSR, or a dask data frame. It is read
    once to be checked, once for the start and once for each step: persist it if it fits
    into the memory of the workers, else each step reads the files again. A block should
    take a worker a tenth of a second or more, since dask takes about a millisecond for a
    task, and a worker needs memory for two blocks for each of its threads.

    Labels, weights and the squared norms of the rows are kept by the client, which takes
    about 30 bytes for each row, and sent to the workers once.

    The bits of a step depend on the vector instructions of the processors. So "the last
    bit" needs workers whose processors have the same ones.

    Examples
    --------
    >>> import dask.array as da
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.preprocessing import scale
    >>> from sk_neuron.dask import SigmoidNeuronClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> X = da.from_array(scale(X), chunks=(100, 30))
    >>> neuron = SigmoidNeuronClassifier(max_iter=30).fit(X, y)
    >>> answers = neuron.predict(X)
    >>> answers.chunks
    ((100, 100, 100, 100, 100, 69),)
    >>> float((answers == y).mean().compute().round(3))
    0.989
    """

    __metadata_request__fit: ClassVar[dict[str, Any]] = {"client": UNUSED}

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        client: Any = None,
    ) -> Self:
        """Train the neuron or the layer.

        Parameters
        ----------
        X : dask array or data frame of shape (n_samples, n_features)
            Training data, finite. The number of rows need not be known.

        y : dask collection or array-like of shape (n_samples,) or (n_samples, n_labels)
            Class labels, or a multilabel indicator matrix of 0 and 1. They come to the
            client, in whatever blocks they are.

        sample_weight : dask collection or array-like of shape (n_samples,), default=None
            Weights of the rows, 1 each if None.

        X_val : dask collection or array-like of shape (n_val, n_features), default=None
            Rows to validate on at every step. Their raw predictions come to the client.

        y_val : dask collection or array-like of shape (n_val,), default=None
            The labels of `X_val`, of classes that are in `y`.

        sample_weight_val : dask collection or array-like of shape (n_val,), default=None
            Weights of the rows of `X_val`, 1 each if None.

        client : distributed.Client or None, default=None
            The client of the cluster to use. None is the current one, and threads of this
            process if there is none.

        Returns
        -------
        self : SigmoidNeuronClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data are out of range; a block that cannot be used is
            named. The estimator is then as it was before the call.
        RuntimeError
            If the cluster has no workers any more, or has lost blocks that it cannot
            compute again. The estimator is then as it was before the call.
        KeyboardInterrupt
            If the fit was interrupted from the keyboard; what was reached is stored.
        """
        validation = X_val, y_val, sample_weight_val
        if is_lazy(X):
            self._validate_params()
            if self.early_stopping and X_val is None and hasattr(self, "_skl_callbacks"):
                raise ValueError(
                    "Callbacks are given the rows that are trained on, which on a cluster "
                    "are not apart from those that early_stopping holds out: pass X_val."
                )
            X, y, sample_weight = read_lazily(X, y, sample_weight, client)
            if is_lazy(X_val):
                validation = read_lazily(*validation, client, dtype=X.dtype, name="X_val")
        X_val, y_val, sample_weight_val = map(bring_here, validation)
        return super().fit(
            X,
            bring_here(y),
            bring_here(sample_weight),
            X_val=X_val,
            y_val=y_val,
            sample_weight_val=sample_weight_val,
        )

    def _answer_at_checkpoints(self, name, X):
        """Yield what a method answers with the weights of each checkpoint."""
        from sk_neuron.dask._answers import answer_lazily

        pairs = zip(self.checkpoint_coefs_, self.checkpoint_intercepts_, strict=True)
        return (answer_lazily(self, name, X, {}, *weights) for weights in pairs)

    @available_if(has_checkpoints)
    @wraps(StepwiseNeuron.staged_decision_function)
    def staged_decision_function(self, X: Any) -> Iterator[Any]:
        if is_lazy(X):
            return self._answer_at_checkpoints("decision_function", X)
        return super().staged_decision_function(X)

    @available_if(has_checkpoints)
    @wraps(StepwiseNeuron.staged_predict_proba)
    def staged_predict_proba(self, X: Any) -> Iterator[Any]:
        if is_lazy(X):
            return self._answer_at_checkpoints("predict_proba", X)
        return super().staged_predict_proba(X)

    @available_if(has_checkpoints)
    @wraps(StepwiseNeuron.staged_predict)
    def staged_predict(self, X: Any) -> Iterator[Any]:
        if is_lazy(X):
            return self._answer_at_checkpoints("predict", X)
        return super().staged_predict(X)
