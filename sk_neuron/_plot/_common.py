"""What the Displays share: axes, the looks of lines, and what of an estimator is drawn."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sk_neuron._base import check_has_answers, split_estimator
from sk_neuron._classifier import SigmoidNeuronClassifier
from sk_neuron._classifier_cv import SigmoidNeuronClassifierCV
from sk_neuron._input_validation import find_class as find_class_index

_NEURONS = SigmoidNeuronClassifier, SigmoidNeuronClassifierCV

# Colours that the colour-blind can distinguish (M. Okabe and K. Ito, "Color universal
# design", 2008).
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, BLACK = "#CC79A7", "#000000"

# Each with a style and a marker for those who print in grey.
LINE_LOOKS = [
    (BLUE, "-", "o"),
    (ORANGE, "--", "s"),
    (GREEN, "-.", "^"),
    (VERMILION, ":", "D"),
    (PURPLE, "-", "v"),
    (BLACK, "--", "P"),
]


def open_axes(display, ax):
    """Return the axes to draw on, new ones if None."""
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{type(display).__name__}.plot needs matplotlib: pip install sk-neuron[plot]"
        ) from error
    return plt.subplots()[1]


def scale_iterations(ax, start):
    """Make the x axis logarithmic, for iteration counts from a start on."""
    if start == 0:  # which a logarithm cannot show
        ax.set_xscale("symlog", linthresh=1)
    else:
        ax.set_xscale("log")
    ax.set(xlabel="iterations")


def mark_point(line, index, label):
    """Draw a mark at a point of a line and return it."""
    x, y = line.get_data()
    looks = {"color": line.get_color(), "markeredgecolor": "black", "label": label}
    (mark,) = line.axes.plot(x[index], y[index], "o", **looks)
    return mark


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


def find_class(neuron, class_of_interest):
    """Return the index of a class, or of a label; None is the only one there is to draw."""
    if class_of_interest is None:
        if len(neuron.coef_) > 1:
            kind = "label" if neuron._multilabel else "class"
            raise ValueError(
                f"There are weights for each {kind}: pass class_of_interest, one of "
                f"{neuron.classes_}."
            )
        return len(neuron.classes_) - 1  # of two classes the second
    index = find_class_index(neuron.classes_, class_of_interest)
    if index is None:
        raise ValueError(
            f"class_of_interest={class_of_interest!r} is not a valid label: It should be "
            f"one of {neuron.classes_}"
        )
    return index


def name_class(neuron, index):
    """Return what a class, or a label, is called."""
    return f"{'label' if neuron._multilabel else 'class'} {neuron.classes_[index]}"


def select_column(neuron, index):
    """Return the row of `coef_` that answers for a class, and the sign to take it with.

    Of two classes the first has the weights of the second with the opposite sign.
    """
    if len(neuron.classes_) == 2 and not neuron._multilabel:
        return 0, 1 if index else -1
    return index, 1


def name_features(estimator, neuron):
    """Return the names of what reaches the neuron, x0, x1 and so on without any."""
    if hasattr(neuron, "feature_names_in_"):
        return neuron.feature_names_in_
    try:
        names = split_estimator(estimator)[0].get_feature_names_out()
    except (AttributeError, ValueError):  # no steps, or one that names nothing
        names = None
    if names is None:  # as of "passthrough" on an array, too
        names = np.array(list_names(None, neuron.n_features_in_), dtype=object)
    return names


def list_names(names, n_features):
    """Return the names of features as strings, x0, x1 and so on if None."""
    if names is None:
        return [f"x{j}" for j in range(n_features)]
    return [str(name) for name in np.asarray(names)]
