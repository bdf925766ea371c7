"""The search of the iteration count on dask arrays and data frames."""

from typing import Any, ClassVar, Self

from sklearn.utils.metadata_routing import UNUSED

from sk_neuron import _classifier_cv
from sk_neuron._model_selection._scoring import get_row_score
from sk_neuron.dask._lazy_neuron import LazyNeuron, bring_here, is_lazy, read_lazily


class SigmoidNeuronClassifierCV(LazyNeuron, _classifier_cv.SigmoidNeuronClassifierCV):
    """A :class:`sk_neuron.SigmoidNeuronClassifierCV` of dask arrays and data frames.

    Folds and candidates share each pass over `X`, as they do in memory: one message to each
    block moves and scores all of them. Folds are drawn by the client, once the numbers of
    rows are known, so that any `cv` will do.

    Parameters and attributes are those of :class:`sk_neuron.SigmoidNeuronClassifierCV`.
    `scoring` is the Brier score, the log loss or the accuracy, which are read from raw
    predictions: other scorers need rows in one place.

    See Also
    --------
    sk_neuron.SigmoidNeuronClassifierCV : The same in memory, where the parameters are told.
    SigmoidNeuronClassifier : The neuron or the layer itself, on dask collections.

    Notes
    -----
    The notes on :class:`SigmoidNeuronClassifier` count here, too. The client and each
    worker have a byte more for each row, fold and candidate. With "neg_log_loss" or
    "accuracy" the raw predictions of all rows come to the client at every count.

    Examples
    --------
    >>> import dask.array as da
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.preprocessing import scale
    >>> from sk_neuron.dask import SigmoidNeuronClassifierCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> X = da.from_array(scale(X), chunks=(200, 30))
    >>> neuron = SigmoidNeuronClassifierCV(iters=[4, 8, 16, 32]).fit(X, y)
    >>> neuron.n_iter_
    16
    """

    __metadata_request__fit: ClassVar[dict[str, Any]] = {"client": UNUSED}

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        client: Any = None,
        **params: Any,
    ) -> Self:
        """Choose the count, alpha and label noise, and train with them on all rows.

        Parameters
        ----------
        X : dask array or data frame of shape (n_samples, n_features)
            Training data, finite. The number of rows need not be known.

        y : dask collection or array-like of shape (n_samples,) or (n_samples, n_labels)
            Class labels, or a multilabel indicator matrix of 0 and 1.

        sample_weight : dask collection or array-like of shape (n_samples,), default=None
            Weights of the rows, in training and in the scores; 1 each if None.

        client : distributed.Client or None, default=None
            The client of the cluster to use. None is the current one, and threads of this
            process if there is none.

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
            If a parameter or the data are out of range; a block that cannot be used is
            named. The estimator is then as it was before the call.
        RuntimeError
            If the cluster has no workers any more, or has lost blocks that it cannot
            compute again. The estimator is then as it was before the call.
        KeyboardInterrupt
            If the search was interrupted from the keyboard; what was scored is stored.
        """
        if is_lazy(X):
            self._validate_params()
            if get_row_score(self.scoring, multilabel=False) is None:
                raise ValueError(
                    f"The scorer {self.scoring!r} needs rows of X in one place. On a dask "
                    'collection use "neg_brier_score", "neg_log_loss" or "accuracy".'
                )
            X, y, sample_weight = read_lazily(X, y, sample_weight, client)
        params = {name: bring_here(value) for name, value in params.items()}
        return super().fit(X, bring_here(y), bring_here(sample_weight), **params)
