"""A fitted neuron as scikit-learn's LogisticRegression, for tools that know only that."""

import copy

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier

from sk_neuron._base._neuron import (
    BaseNeuron,
    check_has_answers,
    describe_features,
    needs_fit_on_all_rows,
)


class LogisticNeuron(BaseNeuron):
    """A neuron that can become a LogisticRegression: it answers by the same formula."""

    @needs_fit_on_all_rows
    def as_logistic_regression(self) -> LogisticRegression | MultiOutputClassifier:
        """Return a fitted LogisticRegression that gives the same answers.

        It needs scikit-learn only, so it goes wherever scikit-learn's own models go: to
        skops without `trusted`, to exporters, to where this package is not installed. With
        label noise it answers for the true labels, as `predict_proba` does. What it cannot
        do is `predict_recorded_proba` and `label_quality`, which need the noise.

        Returns
        -------
        model : LogisticRegression or MultiOutputClassifier
            For multilabel `y` a :class:`~sklearn.multioutput.MultiOutputClassifier` with a
            LogisticRegression for each label, whose `predict_proba` is a list; else a
            :class:`~sklearn.linear_model.LogisticRegression`. It shares no memory with the
            neuron. To `fit` it again trains it on the log loss, by its own parameters.

        Raises
        ------
        NotFittedError
            If there was no fit on all rows.

        Notes
        -----
        The probabilities are equal bit for bit where the raw predictions are, but for the
        first of two classes, which scikit-learn computes as 1 minus the other. Raw
        predictions are sums, which BLAS may add up in another order than our kernels do.

        Examples
        --------
        >>> import numpy as np
        >>> from sk_neuron import SigmoidNeuronClassifier
        >>> X = np.arange(-10.0, 10.0)[:, np.newaxis]
        >>> neuron = SigmoidNeuronClassifier().fit(X, X[:, 0] >= 0)
        >>> model = neuron.as_logistic_regression()
        >>> type(model).__name__
        'LogisticRegression'
        >>> bool(np.abs(model.predict_proba(X) - neuron.predict_proba(X)).max() < 1e-15)
        True
        """
        check_has_answers(self)
        plain = LogisticRegression(fit_intercept=self.fit_intercept)
        if not self._multilabel:
            return self._fill(plain, self.classes_, slice(None))
        model = MultiOutputClassifier(plain)
        model.estimators_ = [
            self._fill(
                LogisticRegression(**plain.get_params()), np.arange(2), slice(k, k + 1)
            )
            for k in range(self.coef_.shape[0])
        ]
        model.classes_ = [each.classes_ for each in model.estimators_]
        vars(model).update(describe_features(self))
        return model

    def _fill(self, model, classes, columns):
        """Return the model as if its fit had learned some of the columns."""
        learned = describe_features(self) | {
            "classes_": classes,
            "coef_": self.coef_[columns, :],
            "intercept_": self.intercept_[columns],
            "n_iter_": np.array([self.n_iter_], dtype=np.int32),
        }
        vars(model).update(copy.deepcopy(learned))
        return model
