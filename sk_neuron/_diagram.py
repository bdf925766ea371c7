"""A neuron or a softmax layer as its textbook diagram; matplotlib draws it."""

from itertools import pairwise
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse
from scipy.special import expit, logsumexp
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import check_is_fitted

from sk_neuron._classifier import SigmoidNeuronClassifier
from sk_neuron._classifier_cv import SigmoidNeuronClassifierCV
from sk_neuron._display import (
    find_class,
    find_neuron,
    find_steps_before,
    name_class,
    name_features,
    open_axes,
    select_column,
)
from sk_neuron._input_validation import read_data
from sk_neuron._kernels import check_raw_prediction
from sk_neuron._kernels._formulas import softmax

# How many are drawn at most.
_MOST_INPUTS = 20
_MOST_CLASSES = 10

# Colour and line of a weight by its sign, for the colour-blind and in grey as well.
_LOOKS = {1: ("#0072B2", "-"), -1: ("#E69F00", "--"), 0: ("0.6", "-")}

_MARK = "#D55E00"  # the colour of the point on the curve and of the bars

# In points: the font, and the lines from a weight of 0 to the largest.
_FONT_SIZES = 5.5, 12
_LINE_WIDTHS = 0.5, 3.5
_LAYER_LINE_WIDTHS = 0.25, 3

# In font sizes.
_ROW = 1.4, 7  # the least and the most from one input, or class, to the next
_GAP = 0.5
_RADIUS = 1.6  # of the sum, the sigmoid and the output
# Where there is room, and where there is not:
_FAN = 7, 3.5  # the least width of where the edges come together
_ARROW = 1.5, 1  # from the other classes, and to and from the softmax of a layer
_BOX = 2.6, 1.7  # the width of the softmax of a layer
# In any case:
_DROP = 6  # from the sum down to the sigmoid and to the output, on narrow axes
_BELOW = 6.5  # from the middle of the output down to the end of its caption
_BESIDE = 6.5  # from the middle of the sigmoid to the end of what is above or below it
_TIGHT = 7  # in points, the font of a layer below which there is no room
_SLACK = 1.12  # how much wider a small text can be, whose letters are whole pixels
_LONG_CLASS = 7, 10  # when the name of a class gets a line of its own, and is shortened
_LONG_NAME = 16  # when the name of a feature is shortened whatever room there is
_SHORT_NAME = 3  # how far a name is shortened where there is no room


class NeuronDisplay:
    """A neuron or a softmax layer as a diagram: inputs, weights, sums and outputs.

    A sigmoid neuron has inputs, their weights, the sum z, the sigmoid and the output. A
    softmax layer is drawn as a whole, with a sum and a probability for each class, or one
    class of it is drawn like a neuron, with the softmax instead of the sigmoid.

    Made by `from_estimator`; the parameters become attributes. A positive weight is a
    solid blue line, a negative one a dashed orange line; the larger, the wider. It is laid
    out for the size that the axes have when it is drawn.

    Parameters
    ----------
    coef : array-like of shape (n_features,) or (n_classes, n_features)
        The weights of a neuron, or of a softmax layer; finite. Of more than 20 features
        those with the strongest weights are drawn.

    intercept : float or array-like of shape (n_classes,), default=None
        The intercept of the neuron, or one for each class; None without any.

    feature_names : array-like of shape (n_features,), default=None
        The names of the features; x0, x1 and so on if None.

    neuron_name : str or array-like of shape (n_classes,), default=None
        What the neuron answers for, or the classes of the layer. If None, "output" for a
        neuron, and 0, 1 and so on for a layer.

    class_index : int, default=None
        The row of `coef` whose class is drawn. None draws the neuron or the whole layer. Of
        a layer with more than 10 classes the most probable are drawn, or those with the
        strongest weights if there are no values.

    values : array-like of shape (n_features,), default=None
        The values of a row. Without them symbols stand for what depends on a row.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is drawn. This and what follows is there after `plot`.

    figure_ : matplotlib Figure
        The figure of the axes.

    drawn_ : ndarray of int of shape (n_inputs,)
        The indices of the features that are drawn.

    drawn_classes_ : ndarray of int
        The indices of the rows of `coef` that are drawn; 0 for a neuron.

    raw_prediction_ : float, ndarray of shape (n_classes,) or None
        The weighted sum z of the values, for the whole layer that of each class. None
        without values.

    probability_ : float, ndarray of shape (n_classes,) or None
        The output: the sigmoid of z, or of a layer the softmax of the z of all classes.
        None without values.

    inputs_ : list of matplotlib Patch
        The inputs drawn, and last the constant 1 if there is an intercept. So it is for
        the names and values.

    names_ : list of matplotlib Text
        The names of the inputs.

    values_ : list of matplotlib Text
        The values of the inputs, or their symbols.

    edges_ : list of matplotlib Line2D
        The weights as lines, one for each input; for the whole layer those of the first
        class drawn, then those of the next.

    numbers_ : list of matplotlib Text
        The weights as numbers, one for each input; empty for the whole layer.

    more_ : matplotlib Text or None
        How many inputs are not drawn, None if all are.

    more_classes_ : matplotlib Text or None
        How many classes are not drawn, None if all are or only one is asked for.

    sums_ : list of matplotlib Text
        What is written in the sums: z for the whole layer, if there are values.

    outputs_ : list of matplotlib Text
        What is written in the outputs: probabilities for the whole layer, if there are
        values.

    curve_ : matplotlib Line2D or None
        The sigmoid, or how the probability of the class depends on its own z; None for the
        whole layer.

    point_ : matplotlib Line2D or None
        The mark on it at z, None without values and for the whole layer.

    bars_ : list of matplotlib Patch
        The probabilities of the classes drawn as bars, for the whole layer with values.

    captions_ : list of matplotlib Text
        For a neuron or one class, what is written beside the sum, the function and the
        output, and last how many other classes the softmax takes into account. For the
        whole layer, the names of the classes drawn.

    See Also
    --------
    SigmoidNeuronClassifier : The estimator that is drawn.
    WeightPathDisplay : How the weights came about.

    Examples
    --------
    >>> from sk_neuron import NeuronDisplay, SigmoidNeuronClassifier
    >>> article = {"max_iter": 10_000, "learning_rate": 1.0, "fit_intercept": False}
    >>> neuron = SigmoidNeuronClassifier(**article)
    >>> neuron = neuron.fit([[0, 0, 1], [1, 1, 1], [1, 0, 1], [0, 1, 1]], [0, 1, 1, 0])
    >>> display = NeuronDisplay.from_estimator(neuron, [[1, 0, 0]])
    >>> [text.get_text() for text in display.numbers_]
    ['9.67', '−0.208', '−4.63']
    >>> round(display.probability_, 4)
    0.9999

    With three classes, the layer and one class of it:

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> layer = SigmoidNeuronClassifier().fit(X, y)
    >>> display = NeuronDisplay.from_estimator(layer, X[:1])
    >>> [text.get_text() for text in display.captions_]
    ['0', '1', '2']
    >>> display.probability_.shape
    (3,)
    >>> display = NeuronDisplay.from_estimator(layer, X[:1], class_of_interest=1)
    >>> bool(display.probability_ == layer.predict_proba(X[:1])[0, 1])
    True
    """

    def __init__(
        self,
        *,
        coef: ArrayLike,
        intercept: float | ArrayLike | None = None,
        feature_names: ArrayLike | None = None,
        neuron_name: str | ArrayLike | None = None,
        class_index: int | None = None,
        values: ArrayLike | None = None,
    ) -> None:
        self.coef = coef
        self.intercept = intercept
        self.feature_names = feature_names
        self.neuron_name = neuron_name
        self.class_index = class_index
        self.values = values

    @classmethod
    def from_estimator(
        cls,
        estimator: SigmoidNeuronClassifier | SigmoidNeuronClassifierCV | Pipeline,
        X: ArrayLike | None = None,
        *,
        class_of_interest: Any = None,
        ax: Any = None,
    ) -> Self:
        """Draw the neuron or the layer of a fitted estimator.

        Parameters
        ----------
        estimator : SigmoidNeuronClassifier, SigmoidNeuronClassifierCV or Pipeline
            The fitted estimator; a Pipeline ends with one of the two.

        X : {array-like, sparse matrix} of shape (1, n_features), default=None
            A row to answer for, finite. What a Pipeline makes of it is what the inputs
            show.

        class_of_interest : int, float, bool or str, default=None
            The class that is drawn, or for multilabel `y` the index of the label. With
            None it is ``classes_[1]`` of two classes, and the whole layer of more. The
            neuron of ``classes_[0]`` of two is the same with the opposite signs.

        ax : matplotlib Axes, default=None
            Where to draw; new axes if None.

        Returns
        -------
        display : NeuronDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator is of another kind.
        NotFittedError
            If it is not fitted.
        ValueError
            If `X` is not one row, if `class_of_interest` is not a class or label of the
            estimator, or if it is None and there are several labels.
        ImportError
            If matplotlib is missing.
        """
        neuron = find_neuron(
            cls, estimator, SigmoidNeuronClassifier, SigmoidNeuronClassifierCV
        )
        check_is_fitted(neuron, "coef_")
        is_layer = len(neuron.coef_) > 1 and not neuron._multilabel
        if is_layer and class_of_interest is None:
            class_index = None
        else:
            class_index = find_class(neuron, class_of_interest)
        if is_layer:
            coef, intercept = neuron.coef_, neuron.intercept_
            neuron_name = neuron.classes_
        else:
            column, sign = select_column(neuron, class_index)
            coef, intercept = sign * neuron.coef_[column], sign * neuron.intercept_[column]
            neuron_name, class_index = name_class(neuron, class_index), None
        display = cls(
            coef=coef,
            intercept=intercept if neuron.fit_intercept else None,
            feature_names=name_features(estimator, neuron),
            neuron_name=neuron_name,
            class_index=class_index,
            values=None if X is None else _read_row(estimator, neuron, X),
        )
        return display.plot(ax=ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw the neuron or the layer, in a font as large as fits the axes.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; new axes that fill their figure if None.

        Returns
        -------
        display : NeuronDisplay
            The display itself.

        Raises
        ------
        ValueError
            If `coef` does not have one of the two shapes or is not finite, if what there is
            for each feature or class is not of its length, if `class_index` is not a row of
            `coef`, or if the weighted sum of the values overflows.
        ImportError
            If matplotlib is missing.
        """
        coef, intercept = self._check_weights()
        names = self._check_names(coef)
        z, p = self._answer(coef, intercept)
        is_new = ax is None
        ax = open_axes(self, ax)
        if is_new and ax.figure.get_layout_engine() is None:
            ax.figure.subplots_adjust(left=0.02, right=0.98, bottom=0.02, top=0.93)
        self.ax_, self.figure_ = ax, ax.figure
        if len(coef) == 1 or self.class_index is not None:
            self._draw_column(int(self.class_index or 0), coef, intercept, names, z, p)
        else:
            self._draw_layer(coef, intercept, names, z, p)
        return self

    def _check_weights(self):
        """Return the weights as (n_columns, n_features) and the intercepts or None."""
        coef = check_array(
            self.coef, ensure_2d=False, dtype=[np.float64, np.float32], input_name="coef"
        )
        if coef.ndim == 2 and len(coef) == 1:
            raise ValueError(
                "The coef must have the shape (n_features,), or (n_classes, n_features) "
                f"with two classes or more. Got {coef.shape} instead."
            )
        columns = np.atleast_2d(coef)
        check_consistent_length(columns.T, self.feature_names, self.values)
        indices = [] if coef.ndim == 1 else range(len(coef))
        index = self.class_index
        if index is not None and not (isinstance(index, Integral) and index in indices):
            raise ValueError(
                f"class_index={self.class_index!r} is not the index of a class. The coef "
                f"has the shape {coef.shape}."
            )
        if self.intercept is None:
            return columns, None
        intercept = check_array(
            np.atleast_1d(self.intercept),
            ensure_2d=False,
            dtype=coef.dtype,
            input_name="intercept",
        )
        check_consistent_length(columns, intercept)
        return columns, intercept

    def _check_names(self, coef):
        """Return what each column answers for."""
        name = self.neuron_name
        if name is None:
            name = "output" if len(coef) == 1 else range(len(coef))
        names = [str(each) for each in np.atleast_1d(np.asarray(name, dtype=object))]
        check_consistent_length(coef, names)
        return names

    def _answer(self, coef, intercept):
        """Return the raw prediction and the probability of each column, or None."""
        if self.values is None:
            return None, None
        values = check_array(
            self.values,
            ensure_2d=False,
            dtype=[np.float64, np.float32],
            input_name="values",
        )
        if intercept is None:
            intercept = np.zeros(len(coef), coef.dtype)
        (z,) = check_raw_prediction(values[np.newaxis], coef, intercept)
        return z, softmax(z) if len(z) > 1 else expit(z)

    def _draw_column(self, k, coef, intercept, names, z, p):
        """Draw the weights of column k: the neuron, or one class of a layer."""
        ax, n_others = self.ax_, len(coef) - 1
        answer = f"class {names[k]}" if n_others else names[k]
        self.drawn_classes_ = np.array([k])
        self.bars_, self.more_classes_ = [], None
        self.raw_prediction_ = self.probability_ = log_odds = None
        if z is not None:
            self.raw_prediction_, self.probability_ = float(z[k]), float(p[k])
            # The softmax of one class is the sigmoid of its log odds: z less what the
            # other classes add up to.
            others = np.delete(np.asarray(z, np.float64), k)
            log_odds = self.raw_prediction_ - (logsumexp(others) if n_others else 0)
        self.drawn_ = _find_largest(abs(coef[k]), _MOST_INPUTS)
        names, values = self._describe_inputs(intercept is not None)
        weights = coef[k, self.drawn_].tolist()
        weights += [] if intercept is None else [float(intercept[k])]
        numbers = [_format(weight) for weight in weights]
        captions = self._write_captions(answer, n_others)
        more = _count_more(coef.shape[1] - len(self.drawn_))
        layout = _ColumnLayout(ax, names, more, values, numbers, captions)
        rows = self._write_more(layout, more)
        self._draw_inputs(layout, rows, names, values)
        self.edges_, self.numbers_ = [], []
        for y, weight, strength, number in zip(
            rows, weights, _scale(weights), numbers, strict=True
        ):
            self.edges_.append(layout.draw_edge(y, layout.chain[0], weight, strength))
            self.numbers_.append(layout.write(layout.number_center, y, number, pad=1))
        self._draw_chain(layout, captions, log_odds)

    def _write_captions(self, answer, n_others):
        """Return what is written beside the sum, the function and the output."""
        long, too_long = _LONG_CLASS
        if _measure(self.ax_, answer) > long:
            lines = answer.split(" ", 1)
            answer = "\n".join(_shorten(self.ax_, line, too_long) for line in lines)
        z, output = "z", answer
        if self.raw_prediction_ is not None:
            z = f"z = {_format(self.raw_prediction_)}"
            symbol = "p" if n_others else "o"
            output = f"{symbol} = {self.probability_:.4f}\n{answer}"
        if not n_others:
            return [z, "σ(z)", output]
        others = f"z of {n_others}\nother{'s' if n_others > 1 else ''}"
        return [z, "softmax", output, others]

    def _draw_chain(self, layout, captions, log_odds):
        """Draw the sum, the function, the output and the arrows between them."""
        from matplotlib.patches import Circle, Rectangle

        radius, ax = layout.radius, self.ax_
        for start, end in pairwise(layout.chain):
            layout.draw_arrow(start, end, radius)
        for start, end in layout.others:
            layout.draw_arrow(start, end, 0, color="0.5")
        at_sum, (x, y), at_output = layout.chain
        square = Rectangle((x - radius, y - radius), 2 * radius, 2 * radius)
        for shape in (Circle(at_sum, radius), square, Circle(at_output, radius)):
            ax.add_patch(layout.outline(shape))
        self.sums_ = [layout.write(*at_sum, "Σ", fontsize=1.5 * layout.font_size)]
        symbol = "p" if layout.others else "o"
        self.outputs_ = [layout.write(*at_output, symbol, fontsize=1.3 * layout.font_size)]

        reach = max(6, 1.2 * abs(log_odds or 0))

        def locate(log_odds):
            height = 1.5 * radius * (expit(log_odds) - 0.5)
            return x + 0.85 * radius * log_odds / reach, y + height

        grid = np.linspace(-reach, reach, 201)
        (self.curve_,) = ax.plot(
            *locate(grid), "-", color=layout.ink, linewidth=1, zorder=4
        )
        self.point_ = None
        if log_odds is not None:
            (self.point_,) = ax.plot(
                *locate(log_odds),
                "o",
                color=_MARK,
                markeredgecolor=layout.ink,
                markersize=0.6 * layout.font_size,
                zorder=5,
            )
        self.captions_ = [
            layout.write(*point, caption, ha=ha, va=va)
            for caption, (point, ha, va) in zip(captions, layout.captions, strict=True)
        ]

    def _draw_layer(self, coef, intercept, answers, z, p):
        """Draw the weights of all columns, or of the classes most in question."""
        from matplotlib.patches import Rectangle

        self.raw_prediction_, self.probability_ = z, p
        self.numbers_, self.curve_, self.point_ = [], None, None
        size = abs(coef).max(axis=1) if p is None else p
        self.drawn_classes_ = classes = _find_largest(size, _MOST_CLASSES)
        self.drawn_ = _find_largest(abs(coef[classes]).max(axis=0), _MOST_INPUTS)
        names, values = self._describe_inputs(intercept is not None)
        weights = coef[np.ix_(classes, self.drawn_)]
        if intercept is not None:
            weights = np.column_stack([weights, intercept[classes]])
        answers = [_shorten(self.ax_, answers[k], _LONG_CLASS[1]) for k in classes]
        sums, outputs = ["Σ"] * len(classes), ["p"] * len(classes)
        if p is not None:
            sums = [_format(number) for number in z[classes]]
            outputs = [f"{number:.4f}" for number in p[classes]]
        more = _count_more(coef.shape[1] - len(self.drawn_))
        more_classes = _count_more(len(coef) - len(classes))
        layout = _LayerLayout(
            self.ax_, names, more, values, sums, outputs, answers, more_classes
        )
        rows = self._write_more(layout, more)
        self._draw_inputs(layout, rows, names, values)

        heights, self.more_classes_ = layout.class_rows, None
        if more_classes:
            end = layout.answer_start, heights.pop()
            self.more_classes_ = layout.write(*end, *more_classes, ha="left", alpha=0.6)
        strength = _scale(weights)
        self.edges_ = [
            layout.draw_edge(
                rows[j], (layout.sum_start, height), weights[k, j], strength[k, j]
            )
            for k, height in enumerate(heights)
            for j in range(len(rows))
        ]
        self.ax_.add_patch(layout.outline(Rectangle(layout.box_corner, *layout.box)))
        for *header, ha in layout.headers:
            layout.write(*header, ha=ha, va="bottom")
        self.sums_ = self._draw_nodes(layout, layout.sums, heights, sums)
        self.outputs_ = self._draw_nodes(layout, layout.outputs, heights, outputs)
        self.captions_, self.bars_ = [], []
        for height, answer in zip(heights, answers, strict=True):
            for start, end in layout.arrows:
                layout.draw_arrow((start, height), (end, height), 0)
            answer = _shorten(self.ax_, answer, layout.answer_room)
            self.captions_.append(
                layout.write(layout.answer_start, height, answer, ha="left")
            )
        if p is not None:
            self._draw_bars(layout, heights, p[classes])

    def _draw_nodes(self, layout, column, heights, texts):
        """Draw the sums or the outputs of a layer and return what is written in them."""
        center, width = column
        for height in heights:
            shape = _draw_round((center, height), width, layout.class_height(width))
            self.ax_.add_patch(layout.outline(shape))
        return [
            layout.write(center, height, text)
            for height, text in zip(heights, texts, strict=True)
        ]

    def _draw_bars(self, layout, heights, shares):
        """Draw probabilities as bars in the softmax of a layer."""
        from matplotlib.patches import Rectangle

        (left, _), (width, _) = layout.box_corner, layout.box
        tall = 0.6 * layout.class_height(layout.sums[1])
        for height, share in zip(heights, shares, strict=True):
            bar = Rectangle((left, height - tall / 2), share * width, tall)
            bar.set(color=_MARK, linewidth=0, zorder=4)
            self.bars_.append(self.ax_.add_patch(bar))

    # What a neuron and a layer have in common.

    def _describe_inputs(self, has_intercept):
        """Return the names and values of the inputs drawn."""
        names = [f"x{j}" for j in self.drawn_]
        if self.feature_names is not None:
            names = [str(np.asarray(self.feature_names)[j]) for j in self.drawn_]
        values = [f"$x_{{{j}}}$" for j in self.drawn_]
        if self.values is not None:
            values = [_format(value) for value in np.asarray(self.values)[self.drawn_]]
        if has_intercept:
            return [*names, "intercept"], [*values, "1"]
        return names, values

    def _write_more(self, layout, more):
        """Write how many inputs are not drawn; return the heights of those that are."""
        rows, self.more_ = layout.rows, None
        if more:  # after the features, before the intercept
            end = layout.name_end, rows.pop(len(self.drawn_))
            self.more_ = layout.write(*end, *more, ha="right", alpha=0.6)
        return rows

    def _draw_inputs(self, layout, rows, names, values):
        self.inputs_, self.names_, self.values_ = [], [], []
        x = layout.node_center
        for k, (y, name, value) in enumerate(zip(rows, names, values, strict=True)):
            shape = _draw_round((x, y), *layout.node)
            layout.outline(shape, is_grey=k == len(self.drawn_))  # the constant
            self.inputs_.append(self.ax_.add_patch(shape))
            name = _shorten(self.ax_, name, layout.name_room)
            self.names_.append(layout.write(layout.name_end, y, name, ha="right"))
            self.values_.append(layout.write(x, y, value, parse_math=True))


class _Layout:
    """Axes whose unit becomes the point, and how things look on them."""

    line_widths: tuple[float, float] = _LINE_WIDTHS
    least_alpha = 1.0  # of an edge

    # Set by those that know what is drawn:
    font_size: float
    fan_start: float  # where the edges leave the straight line
    approach: float  # the length over which they come to the sum from the side

    def __init__(self, ax):
        from matplotlib import rcParams

        self._ax = ax
        self.ink, self._paper = rcParams["text.color"], ax.get_facecolor()
        scale = 72 / ax.figure.dpi
        self.width, self.height = ax.bbox.width * scale, ax.bbox.height * scale
        ax.set(xlim=(0, self.width), ylim=(0, self.height), aspect="equal")
        ax.set_axis_off()

    def measure_inputs(self, names, more, values):
        """Return the widths of the names and of the nodes in font sizes."""
        name_width = min(_LONG_NAME, self.measure([*names, *more]))
        value_width = max(_measure(self._ax, value, parse_math=True) for value in values)
        return name_width, max(2.2, 0.7 + value_width)

    def measure(self, texts):
        """Return the width of the widest text in font sizes, 0 without any."""
        return max((_measure(self._ax, text) for text in texts), default=0.0)

    def find_spare(self, name_width, more):
        """Return by how much names can be shortened; how many more there are stays."""
        return max(0.0, name_width - max(_SHORT_NAME, self.measure(more)))

    def place_inputs(self, n_rows, name_room, node_width):
        """Set where the inputs are, in rows from the top; widths are in font sizes."""
        em = self.font_size
        self.name_room = name_room + 1e-6  # rounding
        self.pitch = min(self.height / n_rows, _ROW[1] * em)
        self.rows = self.stack(n_rows, self.pitch)
        self.node = node_width * em, min(node_width * em, 0.85 * self.pitch)
        self.name_end = self.name_room * em
        self.node_center = self.name_end + (_GAP + node_width / 2) * em
        self.node_end = self.node_center + node_width / 2 * em

    def stack(self, n_rows, pitch):
        """Return the heights of rows in the middle of the axes, from the top."""
        middle = (n_rows - 1) / 2
        return [self.height / 2 + (middle - k) * pitch for k in range(n_rows)]

    def draw_edge(self, y, at_sum, weight, strength):
        """Draw a weight as a line: straight at first, and then a cubic Bézier curve."""
        least, most = self.line_widths
        most = min(most, self.pitch / 6)
        t, start, (x_sum, y_sum) = np.linspace(0, 1, 30), self.fan_start, at_sum
        leave, arrive = start + 0.4 * (x_sum - start), x_sum - self.approach
        color, style = _LOOKS[np.sign(weight)]
        (edge,) = self._ax.plot(
            [self.node_center, *_bend(t, start, leave, arrive, x_sum)],
            [y, *_bend(t, y, y, y_sum, y_sum)],
            style,
            color=color,
            linewidth=least + (most - least) * strength,
            alpha=self.least_alpha + (1 - self.least_alpha) * strength,
            zorder=1 + strength / 2,  # the strongest in front
        )
        return edge

    def draw_arrow(self, start, end, shrink, color=None):
        """Draw an arrow that leaves out the radius `shrink` around its ends."""
        looks = {"arrowstyle": "-|>", "color": color or self.ink, "linewidth": 0.8}
        looks |= {"shrinkA": shrink, "shrinkB": shrink, "mutation_scale": self.font_size}
        self._ax.annotate("", end, start, arrowprops=looks)

    def write(self, x, y, text, *, pad=None, **looks):
        """Write a text at a point, with `pad` on a box that hides what is behind it."""
        looks = {"ha": "center", "va": "center_baseline", "zorder": 4} | looks
        looks = {"fontsize": self.font_size, "parse_math": False} | looks
        if pad is not None:
            looks |= {"bbox": {"facecolor": self._paper, "edgecolor": "none", "pad": pad}}
        return self._ax.text(x, y, text, **looks)

    def outline(self, shape, *, is_grey=False):
        """Give a shape its line, and hide what is behind it."""
        from matplotlib.colors import to_rgb

        ink, paper = np.array(to_rgb(self.ink)), np.array(to_rgb(self._paper))
        fill = 0.1 * ink + 0.9 * paper if is_grey else paper
        shape.set(facecolor=fill, edgecolor=self.ink, linewidth=0.8, zorder=3)
        return shape


class _ColumnLayout(_Layout):
    """Where the parts of one column are: of a neuron, or of one class of a layer.

    There is a row for each name, and one for what `more` says, a text or none. A fourth
    caption is about the other classes.
    """

    def __init__(self, ax, names, more, values, numbers, captions):
        super().__init__(ax)
        width, height, n_rows = self.width, self.height, len(names) + len(more)

        # Widths in font sizes.
        name_width, node_width = self.measure_inputs(names, more, values)
        number_width = 1.4 + self.measure(numbers)
        z_width, function_width, output_width, *others = (
            _measure(ax, text) for text in captions
        )
        inputs_width = name_width + _GAP + node_width + number_width
        # From the sum to the output, to the right:
        steps = (
            2 * _RADIUS + max(z_width, 1) + 1.2,
            max(2 * _RADIUS + 2.2, (function_width + output_width) / 2 + 0.8),
        )
        wide_chain = _RADIUS + sum(steps) + max(_RADIUS, output_width / 2)
        wide = inputs_width + _FAN[0] + wide_chain, max(_ROW[0] * n_rows, 2 * _BESIDE)
        # or down:
        others_width = max((_ARROW[1] + each for each in others), default=0.0)
        besides = (
            z_width + _GAP,
            max(function_width + _GAP, others_width) + _RADIUS,
            output_width - _RADIUS,
        )
        tall_chain = _RADIUS + max(_RADIUS, *besides)
        tall = (
            inputs_width + _FAN[1] + tall_chain,
            max(_ROW[0] * n_rows, 2 * _DROP + _BELOW + 2),
        )

        def fit(n_wide, n_high):  # rather than be hard to read, a name is shortened
            with_names, rows = width / n_wide, height / n_high
            without = width / (n_wide - self.find_spare(name_width, more))
            return min(np.clip(min(with_names, rows), *_FONT_SIZES), without, rows)

        is_wide = width > max(height, _FONT_SIZES[0] * wide[0]) or fit(*wide) > fit(*tall)
        total_width, chain_width = (
            (wide[0], wide_chain) if is_wide else (tall[0], tall_chain)
        )
        self.font_size = em = float(fit(*(wide if is_wide else tall)))
        name_room = name_width - max(0.0, total_width - width / em)
        self.place_inputs(n_rows, name_room, node_width)
        self.number_center = self.node_end + number_width / 2 * em
        self.fan_start = self.node_end + number_width * em

        self.radius = radius = _RADIUS * em
        gap = _GAP * em
        x, y = width - chain_width * em + radius, height / 2
        # Down, edges come from the side, so as not to pass behind the sigmoid.
        self.approach = 0 if is_wide else (x - self.fan_start) / 2
        self.others = []  # the arrow from the other classes
        if is_wide:
            x1, x2 = x + steps[0] * em, x + sum(steps) * em
            self.chain = (x, y), (x1, y), (x2, y)
            below = y - radius - gap
            self.captions = [
                (((x + x1) / 2, y + gap / 2), "center", "bottom"),
                ((x1, below), "center", "top"),
                ((x2, below), "center", "top"),
            ]
            if others:
                above, arrow = y + radius, _ARROW[0] * em
                self.others = [((x1, above + arrow), (x1, above))]
                self.captions += [((x1, above + arrow), "center", "bottom")]
        else:
            y = max(y, (2 * _DROP + _BELOW) * em)  # as far up as the output needs
            y1, y2 = y - _DROP * em, y - 2 * _DROP * em
            self.chain = (x, y), (x, y1), (x, y2)
            up, down = (0.9 * em, 1.2 * em) if others else (0, 0)
            side = x + radius
            self.captions = [
                ((x + gap, (y + y1) / 2), "left", "center"),
                ((side + gap, y1 - down), "left", "center"),
                ((x - radius, y2 - radius - gap), "left", "top"),
            ]
            if others:
                start = side + _ARROW[1] * em, y1 + up
                self.others = [(start, (side, y1 + up))]
                self.captions += [(start, "left", "center")]


class _LayerLayout(_Layout):
    """Where the parts of a whole softmax layer are.

    There is a row for each name on the left, and one for each answer on the right, and one
    for what `more` and `more_answers` say, a text or none.
    """

    line_widths = _LAYER_LINE_WIDTHS
    least_alpha = 0.3  # many edges cross

    def __init__(self, ax, names, more, values, sums, outputs, answers, more_answers):
        super().__init__(ax)
        width, height, n_rows = self.width, self.height, len(names) + len(more)
        n_classes = len(answers) + len(more_answers)

        # In font sizes.
        name_width, node_width = self.measure_inputs(names, more, values)
        answer_width = self.measure(["class", *answers, *more_answers])
        sum_width, output_width = (
            max(2.2, 0.7 + self.measure(texts)) for texts in (sums, outputs)
        )
        inputs_width = name_width + _GAP + node_width
        least_width = inputs_width + sum_width + output_width + _GAP + answer_width
        for fan, arrow, box in zip(_FAN, _ARROW, _BOX, strict=True):
            n_wide = least_width + fan + 2 * arrow + box
            if width > _TIGHT * n_wide:
                break
        n_high = _ROW[0] * max(n_rows, n_classes + 2)  # with the headers

        # Rather than be hard to read, names are shortened.
        spare = [
            self.find_spare(name_width, more),
            self.find_spare(answer_width, ["class", *more_answers]),
        ]
        rows, without = height / n_high, width / (n_wide - sum(spare))
        largest = np.clip(min(width / n_wide, rows), *_FONT_SIZES)
        self.font_size = em = float(min(largest, without, rows))
        lack = max(0.0, n_wide - width / em) / (sum(spare) or 1.0)
        self.place_inputs(n_rows, name_width - lack * spare[0], node_width)
        self.answer_room = answer_width - lack * spare[1] + 1e-6  # rounding

        self.class_pitch = min((height - 2 * _ROW[0] * em) / n_classes, _ROW[1] * em)
        self.class_rows = self.stack(n_classes, self.class_pitch)
        # From the right:
        self.answer_start = width - self.answer_room * em
        output_end = self.answer_start - _GAP * em
        output_start = output_end - output_width * em
        box_end = output_start - arrow * em
        box_start = box_end - box * em
        sum_end = box_start - arrow * em
        self.sum_start = sum_end - sum_width * em
        self.sums = (self.sum_start + sum_end) / 2, sum_width * em  # middle and width
        self.outputs = (output_start + output_end) / 2, output_width * em
        self.arrows = (sum_end, box_start), (box_end, output_start)
        self.fan_start = self.node_end
        self.approach = 0.4 * (self.sum_start - self.fan_start)

        # The softmax takes all classes, those too that are not drawn.
        reach = self.class_height(max(self.sums[1], self.outputs[1])) / 2
        top, bottom = self.class_rows[0] + reach, self.class_rows[-1] - reach
        self.box_corner, self.box = (box_start, bottom), (box * em, top - bottom)
        top += 0.2 * em
        self.headers = [
            ((box_start + box_end) / 2, top, "softmax", "center"),
            (self.answer_start, top, "class", "left"),
        ]
        if sums[0] != "Σ":  # numbers, which need a name
            centers = {"z": self.sums[0], "p": self.outputs[0]}
            self.headers += [(x, top, text, "center") for text, x in centers.items()]

    def class_height(self, width):
        """Return the height of a sum or an output of some width."""
        return min(width, 0.85 * self.class_pitch)


def _find_largest(size, most):
    """Return the indices of the largest, at most so many, in rising order."""
    return np.sort(np.argsort(-size, kind="stable")[:most])


def _scale(weights):
    """Return how strong each weight is, from 0 to 1 for the strongest."""
    size = np.abs(np.asarray(weights, np.float64))
    return size / (size.max() or 1.0)


def _count_more(n_hidden):
    return [f"… {n_hidden} more"] if n_hidden else []


def _bend(t, start, leave, arrive, end):
    """Return the points at t of a cubic Bézier curve, in one coordinate."""
    s = 1 - t
    return s**3 * start + 3 * s**2 * t * leave + 3 * s * t**2 * arrive + t**3 * end


def _draw_round(center, width, height):
    """Return a circle, or a box with round ends if there is no room for one."""
    from matplotlib.patches import Circle, FancyBboxPatch

    if width == height:
        return Circle(center, width / 2)
    corner = center[0] - width / 2, center[1] - height / 2
    ends = f"round, pad=0, rounding_size={height / 2}"
    return FancyBboxPatch(corner, width, height, boxstyle=ends)


def _read_row(estimator, neuron, X):
    """Return the values with which a row of X reaches the neuron."""
    steps = find_steps_before(estimator)
    features = read_data(neuron, X if steps is None else steps.transform(X), reset=False)
    if features.shape[0] != 1:
        raise ValueError(
            f"X must be one row, of shape (1, n_features). Got {features.shape[0]} rows."
        )
    return features.toarray()[0] if issparse(features) else features[0]


def _format(number):
    """Return a number in three digits, or all of those before the point up to 99999."""
    large = 100 <= abs(number) < 99_999.5
    number += 0.0  # so that there is no -0
    return (f"{number:.0f}" if large else f"{number:.3g}").replace("-", "−")


def _measure(ax, text, parse_math=False):
    """Return the width of a text in font sizes, with the slack that small letters need."""
    size = 100  # so large that pixels do not matter
    drawn = ax.text(0, 0, text, fontsize=size, parse_math=parse_math)
    width = drawn.get_window_extent().width * 72 / ax.figure.dpi / size
    drawn.remove()
    return _SLACK * width


def _shorten(ax, text, room):
    """Return a text that fits the room in font sizes, its middle left out if need be."""
    width = _measure(ax, text)
    n_kept, short = len(text), text
    if width > room:  # a first guess, so that a text may be of any length
        n_kept = min(n_kept, int(1.5 * n_kept * room / width) + 1)
    while width > room and n_kept > 2:
        n_kept -= 1
        n_tail = n_kept // 2
        head, tail = text[: n_kept - n_tail], text[len(text) - n_tail :]
        short = f"{head.rstrip()}…{tail.lstrip()}"
        width = _measure(ax, short)
    return short
