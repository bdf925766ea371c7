"""A neuron as its textbook diagram; matplotlib draws it."""

from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse
from scipy.special import expit
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.validation import check_is_fitted

from sk_neuron._classifier import SigmoidNeuronClassifier
from sk_neuron._display import (
    choose_neuron,
    find_neuron,
    find_steps_before,
    name_features,
    open_axes,
)
from sk_neuron._inputs import read_data
from sk_neuron._path import SigmoidNeuronClassifierCV

# How many inputs are drawn at most, the strongest.
_MOST_INPUTS = 20

# Colour and line of a weight by its sign, for the colour-blind and in grey as well.
_LOOKS = {1: ("#0072B2", "-"), -1: ("#E69F00", "--"), 0: ("0.6", "-")}

# In points: the font, and the lines from a weight of 0 to the largest.
_FONT_SIZES = 5.5, 12
_LINE_WIDTHS = 0.5, 3.5

# In font sizes.
_ROW = 1.4, 7  # the least and the most from one input to the next
_GAP = 0.5
_RADIUS = 1.6  # of the sum, the sigmoid and the output
_FAN = 7  # the least width of where the edges come together
_DROP = 6  # from the sum down to the sigmoid and to the output, on narrow axes
_BELOW = 6.5  # from the middle of the output down to the end of its caption
_SLACK = 1.12  # how much wider a small text can be, whose letters are whole pixels
_LONG_CLASS = 7, 10  # when the name of a class gets a line of its own, and is shortened
_LONG_NAME = 16  # when the name of a feature is shortened whatever room there is


class NeuronDisplay:
    """A neuron as a diagram: inputs, weights, their sum, the sigmoid and the output.

    Made by `from_estimator`; the parameters become attributes. A positive weight is a
    solid blue line, a negative one a dashed orange line; the larger, the wider. It is laid
    out for the size that the axes have when it is drawn.

    Parameters
    ----------
    coef : array-like of shape (n_features,)
        The weights, finite. Of more than 20 the strongest are drawn.

    intercept : float, default=None
        The intercept; None for a neuron without one.

    feature_names : array-like of shape (n_features,), default=None
        The names of the features; x0, x1 and so on if None.

    neuron_name : str, default="output"
        What the neuron answers for.

    values : array-like of shape (n_features,), default=None
        The values of a row. Without them symbols stand for what depends on a row.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is drawn. This and what follows is there after `plot`.

    figure_ : matplotlib Figure
        The figure of the axes.

    drawn_ : ndarray of int of shape (n_inputs,)
        The places of the features that are drawn.

    potential_ : float or None
        The weighted sum z of the values, None without values.

    activation_ : float or None
        The output o, the sigmoid of z, None without values. With several classes it is
        the neuron's own, before `predict_proba` divides it by the sum over all of them.

    inputs_ : list of matplotlib Patch
        The inputs drawn, and last the constant 1 if there is an intercept. So it is for
        the names, values, edges and numbers.

    names_ : list of matplotlib Text
        The names of the inputs.

    values_ : list of matplotlib Text
        The values of the inputs, or their symbols.

    edges_ : list of matplotlib Line2D
        The weights as lines.

    numbers_ : list of matplotlib Text
        The weights as numbers.

    more_ : matplotlib Text or None
        How many inputs are not drawn, None if all are.

    curve_ : matplotlib Line2D
        The sigmoid.

    point_ : matplotlib Line2D or None
        The mark on it at the potential, None without values.

    captions_ : list of matplotlib Text
        What is written beside the sum, the sigmoid and the output.

    See Also
    --------
    SigmoidNeuronClassifier : The neuron itself.
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
    >>> round(display.activation_, 4)
    0.9999
    """

    def __init__(
        self,
        *,
        coef: ArrayLike,
        intercept: float | None = None,
        feature_names: ArrayLike | None = None,
        neuron_name: str = "output",
        values: ArrayLike | None = None,
    ) -> None:
        self.coef = coef
        self.intercept = intercept
        self.feature_names = feature_names
        self.neuron_name = neuron_name
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
        """Draw a neuron of a fitted estimator.

        Parameters
        ----------
        estimator : SigmoidNeuronClassifier, SigmoidNeuronClassifierCV or Pipeline
            The fitted estimator; a Pipeline ends with one of the two.

        X : {array-like, sparse matrix} of shape (1, n_features), default=None
            A row to answer for, finite. What a Pipeline makes of it is what the inputs
            show.

        class_of_interest : int, float, bool or str, default=None
            The class whose neuron is drawn, or for multilabel `y` the index of the label.
            With two classes there is one neuron, that of ``classes_[1]``.

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
            If `X` is not one row, or if `class_of_interest` is not one of several neurons.
        ImportError
            If matplotlib is missing.
        """
        neuron = find_neuron(
            cls, estimator, SigmoidNeuronClassifier, SigmoidNeuronClassifierCV
        )
        check_is_fitted(neuron, "coef_")
        place, neuron_name = choose_neuron(neuron, class_of_interest)
        display = cls(
            coef=neuron.coef_[place],
            intercept=float(neuron.intercept_[place]) if neuron.fit_intercept else None,
            feature_names=name_features(estimator, neuron),
            neuron_name=neuron_name,
            values=None if X is None else _read_row(estimator, neuron, X),
        )
        return display.plot(ax=ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw the neuron, in a font as large as fits the axes.

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
            If `coef` is not a vector of finite numbers, or if what there is for each
            feature is not of its length.
        ImportError
            If matplotlib is missing.
        """
        coef = check_array(self.coef, ensure_2d=False, dtype=np.float64, input_name="coef")
        column_or_1d(coef)
        check_consistent_length(coef, self.feature_names, self.values)
        is_new = ax is None
        ax = open_axes(self, ax)
        if is_new and ax.figure.get_layout_engine() is None:
            ax.figure.subplots_adjust(left=0.02, right=0.98, bottom=0.02, top=0.93)
        self.ax_, self.figure_ = ax, ax.figure
        self.drawn_ = np.sort(np.argsort(-abs(coef), kind="stable")[:_MOST_INPUTS])
        self.potential_ = self.activation_ = None
        if self.values is not None:
            self.potential_ = float(coef @ np.asarray(self.values) + (self.intercept or 0))
            self.activation_ = float(expit(self.potential_))

        names, values, weights = self._describe_inputs(coef)
        numbers = [_format(weight) for weight in weights]
        captions = self._write_captions()
        n_hidden, self.more_ = len(coef) - len(self.drawn_), None
        more = [f"… {n_hidden} more"] if n_hidden else []
        layout = _Layout(ax, names + more, values, numbers, captions)
        rows = layout.rows
        if more:  # after the inputs, before the constant
            place = layout.name_end, rows.pop(len(self.drawn_))
            self.more_ = layout.write(*place, *more, ha="right", alpha=0.6)
        self._draw_inputs(layout, rows, names, values)
        self._draw_edges(layout, rows, weights, numbers)
        self._draw_chain(layout, captions)
        return self

    def _describe_inputs(self, coef):
        """Return the names, values and weights of the inputs drawn."""
        names = [f"x{j}" for j in self.drawn_]
        if self.feature_names is not None:
            names = [str(np.asarray(self.feature_names)[j]) for j in self.drawn_]
        values = [f"$x_{{{j}}}$" for j in self.drawn_]
        if self.values is not None:
            values = [_format(value) for value in np.asarray(self.values)[self.drawn_]]
        weights = coef[self.drawn_].tolist()
        if self.intercept is None:
            return names, values, weights
        return [*names, "intercept"], [*values, "1"], [*weights, self.intercept]

    def _write_captions(self):
        """Return what is written beside the sum, the sigmoid and the output."""
        answer = self.neuron_name
        long, too_long = _LONG_CLASS
        if _measure(self.ax_, answer) > long:
            lines = answer.split(" ", 1)
            answer = "\n".join(_shorten(self.ax_, line, too_long) for line in lines)
        if self.values is None:
            return ["z", "σ(z)", answer]
        z, o = _format(self.potential_), f"{self.activation_:.4f}"
        return [f"z = {z}", "σ(z)", f"o = {o}\n{answer}"]

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

    def _draw_edges(self, layout, rows, weights, numbers):
        self.edges_, self.numbers_ = [], []
        largest = max(map(abs, weights)) or 1.0
        least, most = _LINE_WIDTHS
        most = min(most, layout.pitch / 6)
        start, (x_sum, y_sum) = layout.fan_start, layout.chain[0]
        # A line through the number, and then a cubic Bézier curve to the sum.
        t = np.linspace(0, 1, 30)
        leave, arrive = start + 0.4 * (x_sum - start), x_sum - layout.approach
        x = _bend(t, start, leave, arrive, x_sum)
        for y, weight, number in zip(rows, weights, numbers, strict=True):
            color, style = _LOOKS[np.sign(weight)]
            (edge,) = self.ax_.plot(
                [layout.node_center, *x],
                [y, *_bend(t, y, y, y_sum, y_sum)],
                style,
                color=color,
                linewidth=least + (most - least) * abs(weight) / largest,
                zorder=1,
            )
            self.edges_.append(edge)
            self.numbers_.append(layout.write(layout.number_center, y, number, pad=1))

    def _draw_chain(self, layout, captions):
        """Draw the sum, the sigmoid, the output and the arrows between them."""
        from matplotlib.patches import Circle, Rectangle

        radius, ax = layout.radius, self.ax_
        for start, end in pairwise(layout.chain):
            looks = {"arrowstyle": "-|>", "color": layout.ink, "linewidth": 0.8}
            looks |= {"shrinkA": radius, "shrinkB": radius}
            ax.annotate("", end, start, arrowprops=looks)
        at_sum, (x, y), at_output = layout.chain
        square = Rectangle((x - radius, y - radius), 2 * radius, 2 * radius)
        for shape in (Circle(at_sum, radius), square, Circle(at_output, radius)):
            ax.add_patch(layout.outline(shape))
        layout.write(*at_sum, "Σ", fontsize=1.5 * layout.font_size)
        layout.write(*at_output, "o", fontsize=1.3 * layout.font_size)

        reach = max(6, 1.2 * abs(self.potential_ or 0))

        def place(z):
            height = 1.5 * radius * (expit(z) - 0.5)
            return x + 0.85 * radius * z / reach, y + height

        z = np.linspace(-reach, reach, 201)
        (self.curve_,) = ax.plot(*place(z), "-", color=layout.ink, linewidth=1, zorder=4)
        self.point_ = None
        if self.potential_ is not None:
            (self.point_,) = ax.plot(
                *place(self.potential_),
                "o",
                color="#D55E00",
                markeredgecolor=layout.ink,
                markersize=0.6 * layout.font_size,
                zorder=5,
            )
        self.captions_ = [
            layout.write(*place, caption, ha=ha, va=va)
            for caption, (place, ha, va) in zip(captions, layout.captions, strict=True)
        ]


class _Layout:
    """Where things are on axes, whose unit becomes the point; there is a row a name."""

    def __init__(self, ax, names, values, numbers, captions):
        from matplotlib import rcParams

        self._ax = ax
        self.ink, self._paper = rcParams["text.color"], ax.get_facecolor()
        scale = 72 / ax.figure.dpi
        width, height = ax.bbox.width * scale, ax.bbox.height * scale
        ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
        ax.set_axis_off()

        # Widths in font sizes.
        name_width = min(_LONG_NAME, max(_measure(ax, name) for name in names))
        node_width = max(2.2, 0.7 + max(_measure(ax, v, parse_math=True) for v in values))
        number_width = 1.4 + max(_measure(ax, number) for number in numbers)
        z_width, curve_width, output_width = (_measure(ax, text) for text in captions)
        inputs_width = name_width + _GAP + node_width + number_width
        # From the sum to the output, to the right:
        steps = (
            2 * _RADIUS + max(z_width, 1) + 1.2,
            max(2 * _RADIUS + 2.2, (curve_width + output_width) / 2 + 0.8),
        )
        wide_chain = _RADIUS + sum(steps) + max(_RADIUS, output_width / 2)
        wide = inputs_width + _FAN + wide_chain, _ROW[0] * len(names)
        # or down:
        besides = z_width + _GAP, curve_width + _RADIUS + _GAP, output_width - _RADIUS
        tall_chain = _RADIUS + max(_RADIUS, *besides)
        tall = inputs_width + _FAN / 2 + tall_chain, max(wide[1], 2 * _DROP + _BELOW + 2)

        def fit(n_wide, n_high):  # rather than be hard to read, a name is shortened
            with_names, rows = width / n_wide, height / n_high
            without = width / (n_wide - max(0.0, name_width - 3))
            return min(np.clip(min(with_names, rows), *_FONT_SIZES), without, rows)

        is_wide = width > max(height, _FONT_SIZES[0] * wide[0]) or fit(*wide) > fit(*tall)
        total_width, chain_width = (
            (wide[0], wide_chain) if is_wide else (tall[0], tall_chain)
        )
        self.font_size = em = float(fit(*(wide if is_wide else tall)))
        self.name_room = name_width - max(0.0, total_width - width / em) + 1e-6  # rounding

        self.pitch = min(height / len(names), _ROW[1] * em)
        middle = (len(names) - 1) / 2
        self.rows = [height / 2 + (middle - k) * self.pitch for k in range(len(names))]
        self.node = node_width * em, min(node_width * em, 0.85 * self.pitch)
        self.name_end = self.name_room * em
        self.node_center = self.name_end + (_GAP + node_width / 2) * em
        node_end = self.node_center + node_width / 2 * em
        self.number_center = node_end + number_width / 2 * em
        self.fan_start = node_end + number_width * em

        self.radius = radius = _RADIUS * em
        gap = _GAP * em
        x, y = width - chain_width * em + radius, height / 2
        # Down, edges come from the side, so as not to pass behind the sigmoid.
        self.approach = 0 if is_wide else (x - self.fan_start) / 2
        if is_wide:
            x1, x2 = x + steps[0] * em, x + sum(steps) * em
            self.chain = (x, y), (x1, y), (x2, y)
            below = y - radius - gap
            self.captions = (
                (((x + x1) / 2, y + gap / 2), "center", "bottom"),
                ((x1, below), "center", "top"),
                ((x2, below), "center", "top"),
            )
        else:
            y = max(y, (2 * _DROP + _BELOW) * em)  # as far up as the output needs
            y1, y2 = y - _DROP * em, y - 2 * _DROP * em
            self.chain = (x, y), (x, y1), (x, y2)
            self.captions = (
                ((x + gap, (y + y1) / 2), "left", "center"),
                ((x + radius + gap, y1), "left", "center"),
                ((x - radius, y2 - radius - gap), "left", "top"),
            )

    def write(self, x, y, text, *, pad=None, **looks):
        """Write a text at a place, with `pad` on a box that hides what is behind it."""
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
