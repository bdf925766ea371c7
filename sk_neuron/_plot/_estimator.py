"""What of a fitted estimator is drawn."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sk_neuron._base import check_has_answers, split_estimator
from sk_neuron._classifier import SigmoidNeuronClassifier
from sk_neuron._classifier_cv import SigmoidNeuronClassifierCV
from sk_neuron._input_validation import find_class

_NEURONS = SigmoidNeuronClassifier, SigmoidNeuronClassifierCV


def find_neuron(display, estimator, attribute, kinds=_NEURONS):
    """Return the estimator of one of some kinds, which a Pipeline or a search may have.

    It is fitted if it has the attribute.
    """
    _, neuron = split_estimator(estimator)
    if not isinstance(neuron, kinds):
        names = " or a ".join(kind.__name__ for kind in kinds)
        raise TypeError(
            f"{display.__name__} shows a {names}, a Pipeline that ends with one, or a "
            f"fitted search over one. Got {type(neuron).__name__} instead."
        )
    if attribute != "scores_":
        check_has_answers(neuron)
    check_is_fitted(neuron, attribute)
    return neuron


def find_column(neuron, class_of_interest):
    """Return the row of `coef_` that answers for a class or label, its sign, and a name.

    Of two classes the first has the weights of the second with the opposite sign. None is
    the second of two, and not allowed if there is more than one row.
    """
    kind, classes = "label" if neuron._multilabel else "class", neuron._classes
    if class_of_interest is not None:
        index = find_class(classes, class_of_interest)
    elif neuron.coef_.shape[0] == 1:
        index = len(classes) - 1
    else:
        raise ValueError(
            f"There are weights for each {kind}: pass class_of_interest, one of {classes}."
        )
    if index is None:
        raise ValueError(
            f"class_of_interest={class_of_interest!r} is not a valid label: It should be "
            f"one of {classes}"
        )
    name = f"{kind} {classes[index]}"
    if len(classes) == 2 and not neuron._multilabel:
        return 0, 1 if index else -1, name
    return index, 1, name


def name_features(estimator, neuron):
    """Return the names of what reaches the neuron, None without any."""
    if hasattr(neuron, "feature_names_in_"):
        return neuron.feature_names_in_
    try:
        return split_estimator(estimator)[0].get_feature_names_out()
    except (AttributeError, ValueError):  # no steps, or one that names nothing
        return None


def list_names(names, n_features):
    """Return the names of features as strings, x0, x1 and so on if None."""
    if names is None:
        return [f"x{j}" for j in range(n_features)]
    return [str(name) for name in np.asarray(names)]
