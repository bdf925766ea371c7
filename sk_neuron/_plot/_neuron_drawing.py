"""Draws a neuron or a softmax layer, from inputs on the left to outputs on the right.

Both are columns, with a row for each input or class: a neuron is drawn like a layer of one
class. The unit of the axes is the em, which is the font size: the largest that all fits in.
"""

import numpy as np
from scipy.special import expit

from sk_neuron._plot._axes import BLUE, ORANGE, VERMILION
from sk_neuron._plot._estimator import list_names

# Colour and line of a weight by its sign, for the colour-blind and in grey as well.
_LOOKS = {1: (BLUE, "-"), -1: (ORANGE, "--"), 0: ("0.6", "-")}
_MARK = VERMILION  # the colour of the point on the curve and of the bars

_FONT_SIZE = 12  # in points, at most
_SMALL = 6  # in points; names are shortened before the font gets smaller
_LETTERS = 24, 16, 12, 9, 7  # in a name, at most

# The columns, their least widths in ems, and how much wider they are than their texts.
_NAME, _VALUE, _NUMBER, _EDGES, _SUM, _FUNCTION, _OUTPUT, _CLASS = range(8)
_WIDTHS = 0, 2.2, 0, 5, 3.2, 5.2, 3.2, 0
_MARGINS = 0.5, 0.7, 1, 0, 0.7, 0.8, 0.7, 0.5
_NODE = 3.2  # the width of the function, and of the sum and the output of a neuron
_ROW = 1.4, 7  # the least and the most from one input, or class, to the next


class Diagram:
    """What is written in each column of a diagram, and where columns and rows are.

    It shows weights (n_classes, n_inputs) and the names of these classes.
    """

    def __init__(self, display, weights, classes):
        from matplotlib import rcParams

        self.display, self.ax, self.weights = display, display.ax_, weights
        self.ink, self.paper = rcParams["text.color"], self.ax.get_facecolor()
        self.is_layer = len(weights) > 1
        n_classes, n_features = np.atleast_2d(display.coef).shape
        self.more = _count_more(n_features - len(display.drawn_))
        self.more_classes = _count_more(self.is_layer * (n_classes - len(weights)))
        self.texts: list[list[str]] = [[] for _ in _WIDTHS]
        self._describe_inputs(list_names(display.feature_names, n_features))
        if self.is_layer:
            self._describe_layer(classes)
        else:
            self._describe_neuron(classes[0], n_classes - 1)
        self._fit()

    def _describe_inputs(self, names):
        display, drawn = self.display, self.display.drawn_
        names, values = [names[j] for j in drawn], [f"$x_{{{j}}}$" for j in drawn]
        if display.values is not None:
            values = [_format(value) for value in np.asarray(display.values)[drawn]]
        if display.intercept is not None:
            names, values = [*names, "intercept"], [*values, "1"]
        self.texts[_NAME], self.texts[_VALUE] = names, values

    def _describe_layer(self, classes):
        display, drawn = self.display, self.display.drawn_classes_
        sums, outputs = ["Σ"] * len(drawn), ["p"] * len(drawn)
        if display.values is not None:
            sums = [_format(z) for z in display.raw_prediction_[drawn]]
            outputs = [f"{p:.4f}" for p in display.probability_[drawn]]
        self.texts[_SUM], self.texts[_OUTPUT], self.texts[_CLASS] = sums, outputs, classes
        self.headers, self.others = ["z", "softmax", "p", "class"], ""

    def _describe_neuron(self, name, n_others):
        """Set the texts of a neuron, or of one class of a layer that has so many others."""
        symbol, function = ("p", "softmax") if n_others else ("o", "σ(z)")
        self.texts[_SUM], self.texts[_OUTPUT] = ["Σ"], [symbol]
        self.texts[_NUMBER] = [_format(weight) for weight in self.weights[0]]
        if len(name) > 12:
            name = "\n".join(_shorten(line, 15) for line in name.split(" ", 1))
        self.headers = ["z", function, name, ""]
        if self.display.values is not None:
            self.headers[0] = f"z = {_format(self.display.raw_prediction_)}"
            self.headers[2] = f"{symbol} = {self.display.probability_:.4f}\n= P({name})"
        self.others = f"z of {n_others} other{'s' * (n_others > 1)}" if n_others else ""

    def _fit(self):
        """Choose the font size, shorten names for it, and place columns and rows."""
        points = self.ax.bbox.size * 72 / self.ax.figure.dpi
        n_rows = len(self.texts[_NAME]) + bool(self.more)
        n_classes = len(self.texts[_SUM]) + bool(self.more_classes)
        above = 0.5 + 1.2 * max(header.count("\n") + 1 for header in self.headers)
        tallest = points[1] / max(_ROW[0] * n_rows, max(4, _ROW[0] * n_classes) + 2 * above)
        names = {column: self.texts[column] for column in (_NAME, _CLASS)}
        for n_letters in _LETTERS:
            for column, texts in names.items():
                self.texts[column] = [_shorten(text, n_letters) for text in texts]
            widths = self._measure_columns()
            widest = points[0] / widths.sum()
            if widest >= min(_SMALL, tallest):
                break
        self.font_size = float(min(_FONT_SIZE, tallest, widest))
        width, height = points / self.font_size
        self.ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
        self.ax.set_axis_off()
        widths[_EDGES] += width - widths.sum()
        self.rights = np.cumsum(widths)
        self.lefts = self.rights - widths
        self.rights[_NAME] -= 0.5
        self.lefts[_CLASS] += 0.5
        self.lefts[_FUNCTION] += 1  # an arrow to each side
        self.rights[_FUNCTION] -= 1
        if not self.is_layer:
            self.rights[_SUM:_CLASS] = self.lefts[_SUM:_CLASS] + _NODE
        self.pitch, self.rows = _stack(n_rows, height, height)
        self.class_pitch, self.class_rows = _stack(n_classes, height, height - 2 * above)
        reach = min(self.rights[_SUM] - self.lefts[_SUM], 0.85 * self.class_pitch) / 2
        self.bottom, self.top = self.class_rows[-1] - reach, self.class_rows[0] + reach

    def _measure_columns(self):
        """Return the widths of the columns."""
        others = [[self.more], [], [], [], *([header] for header in self.headers)]
        others[_CLASS].append(self.more_classes)
        size = 100  # in points; so large that rounding letters to pixels does not matter
        widths = []
        for column, texts in enumerate(self.texts):
            text = "\n".join([*texts, *others[column]])
            drawn = self.ax.text(0, 0, text, fontsize=size, parse_math=column == _VALUE)
            width = drawn.get_window_extent().width * 72 / self.ax.figure.dpi / size
            widths.append(1.12 * width + _MARGINS[column])  # small letters can be wider
            drawn.remove()
        return np.maximum(widths, _WIDTHS)

    def draw(self, log_odds):
        """Draw all. Log odds are None for a layer, and for a neuron without a row."""
        display = self.display
        display.edges_, display.bars_ = [], []
        display.more_ = display.more_classes_ = display.curve_ = display.point_ = None
        self._draw_inputs()
        self._draw_classes()
        self._draw_edges()
        self._draw_function(log_odds)

    def _draw_inputs(self):
        display, n_features = self.display, len(self.display.drawn_)
        if self.more:  # after the features, before the intercept
            y = self.rows.pop(n_features)
            display.more_ = self._write(_NAME, y, self.more, ha="right", alpha=0.6)
        display.names_ = self._write_column(_NAME, self.rows, ha="right")
        display.inputs_, display.values_ = self._draw_nodes(_VALUE, self.rows, self.pitch)
        for constant in display.inputs_[n_features:]:
            constant.set_facecolor((0.5, 0.5, 0.5, 0.2))
        box = {"facecolor": self.paper, "edgecolor": "none", "pad": 1}  # hides the edge
        display.numbers_ = self._write_column(_NUMBER, self.rows, zorder=2, bbox=box)

    def _draw_classes(self):
        """Draw the sums, the outputs, the arrows and the texts around them."""
        display, rows, pitch = self.display, self.class_rows, self.class_pitch
        if self.more_classes:
            more = self._write(_CLASS, rows.pop(), self.more_classes, ha="left", alpha=0.6)
            display.more_classes_ = more
        size = self.font_size if self.is_layer else 1.4 * self.font_size
        _, display.sums_ = self._draw_nodes(_SUM, rows, pitch, fontsize=size)
        _, display.outputs_ = self._draw_nodes(_OUTPUT, rows, pitch, fontsize=size)
        for column in (_SUM, _FUNCTION):
            self._draw_arrows([self.rights[column], self.lefts[column + 1]], [rows, rows])
        headers = []
        for column, header in enumerate(self.headers, _SUM):
            is_wide = column == _CLASS or (column != _FUNCTION and not self.is_layer)
            looks = {"ha": "left" if is_wide else "center", "va": "bottom"}
            headers.append(self._write(column, self.top + 0.3, header, **looks))
        if self.others:
            start, middle = self.bottom - 1.2, self.lefts[_FUNCTION] + _NODE / 2
            self._draw_arrows([middle, middle], [start, self.bottom], marker=6)
            headers[3] = self._write(_FUNCTION, start - 0.2, self.others, va="top")
        classes = self._write_column(_CLASS, rows, ha="left")
        display.captions_ = classes if self.is_layer else headers[: 3 + bool(self.others)]

    def _draw_edges(self):
        """Draw the weights as lines, the strongest in front."""
        size = np.abs(self.weights.astype(np.float64))
        share = np.linspace(0, 1, 30)
        start = self.rights[_VALUE if self.is_layer else _NUMBER]
        x = [self.rights[_VALUE], *(start + (self.lefts[_SUM] - start) * share)]
        faint = 0.3 if self.is_layer else 1  # the many edges of a layer cross
        least, most = 0.5 * faint, min(3.5, self.pitch * self.font_size / 6)  # in points
        for (k, j), strength in np.ndenumerate(size / (size.max() or 1.0)):
            y = self.rows[j] + (self.class_rows[k] - self.rows[j]) * share**2 * (2 - share)
            color, style = _LOOKS[np.sign(self.weights[k, j])]
            looks = {"color": color, "linewidth": least + (most - least) * strength}
            looks |= {"alpha": faint + (1 - faint) * strength, "zorder": 1 + strength / 2}
            self.display.edges_ += self.ax.plot(x, [y[0], *y], style, **looks)

    def _draw_function(self, log_odds):
        """Draw the softmax as bars, or the sigmoid, with a point if there is a row."""
        display, left, right = self.display, self.lefts[_FUNCTION], self.rights[_FUNCTION]
        box = left, self.bottom, right - left, self.top - self.bottom
        axes = self.ax.inset_axes(box, transform=self.ax.transData, xticks=[], yticks=[])
        axes.spines[:].set(visible=True, color=self.ink, linewidth=0.8)
        if not self.is_layer:
            reach = max(6, 1.2 * abs(log_odds or 0))
            x = np.linspace(-reach, reach, 201)
            (display.curve_,) = axes.plot(x, expit(x), color=self.ink, linewidth=1)
            axes.set(xlim=(-1.15 * reach, 1.15 * reach), ylim=(-0.15, 1.15))
        elif display.values is not None:
            p = display.probability_[display.drawn_classes_].astype(np.float64)
            bars = axes.barh(self.class_rows, p, 0.5 * self.class_pitch, color=_MARK)
            display.bars_ = bars.patches
            axes.set(xlim=(0, 1), ylim=(self.bottom, self.top))
        if log_odds is not None:
            looks = {"markeredgecolor": self.ink, "markersize": 0.6 * self.font_size}
            point = axes.plot(log_odds, expit(log_odds), "o", color=_MARK, **looks)
            display.point_ = point[0]

    def _draw_nodes(self, column, rows, pitch, **looks):
        """Draw texts in circles, or in boxes with round ends if rows are close."""
        from matplotlib.patches import FancyBboxPatch

        left, width = self.lefts[column], self.rights[column] - self.lefts[column]
        height = min(width, 0.85 * pitch)
        ends = f"round, rounding_size={height / 2}" if height < width else "circle"
        shape = {"boxstyle": f"{ends}, pad=0", "facecolor": self.paper, "zorder": 3}
        shape |= {"edgecolor": self.ink, "linewidth": 0.8}
        corners = [(left, y - height / 2) for y in rows]
        nodes = [FancyBboxPatch(corner, width, height, **shape) for corner in corners]
        for node in nodes:
            self.ax.add_patch(node)
        return nodes, self._write_column(column, rows, **looks)

    def _draw_arrows(self, x, y, marker=5):
        """Draw lines with a marker at their ends, by default a head to the right."""
        looks = {"color": self.ink, "linewidth": 0.8, "marker": marker, "markevery": [1]}
        self.ax.plot(x, y, **looks, markersize=0.5 * self.font_size)

    def _write_column(self, column, rows, **looks):
        texts = zip(rows, self.texts[column], strict=False)
        return [self._write(column, y, text, **looks) for y, text in texts]

    def _write(self, column, y, text, *, ha="center", **looks):
        """Write a text in a column at a height."""
        left, right = self.lefts[column], self.rights[column]
        x = {"left": left, "center": (left + right) / 2, "right": right}[ha]
        looks = {"va": "center_baseline", "zorder": 4, "fontsize": self.font_size} | looks
        return self.ax.text(x, y, text, ha=ha, parse_math=column == _VALUE, **looks)


def _stack(n_rows, height, room):
    """Return how far apart rows are, and where they are on axes of some height."""
    pitch, middle = min(room / n_rows, _ROW[1]), (n_rows - 1) / 2
    return pitch, [height / 2 + (middle - k) * pitch for k in range(n_rows)]


def _shorten(text, n_letters):
    """Return a text of at most so many letters, its middle left out if need be."""
    if len(text) <= n_letters:
        return text
    n_tail = (n_letters - 1) // 2
    head, tail = text[: n_letters - 1 - n_tail], text[len(text) - n_tail :]
    return f"{head.rstrip()}…{tail.lstrip()}"


def _count_more(n_hidden):
    """Return a text about what is not drawn, empty if there is none."""
    return f"… {n_hidden} more" if n_hidden else ""


def _format(number):
    """Return a number in three digits, or all of those before the point up to 99999."""
    large = 100 <= abs(number) < 99_999.5
    number += 0.0  # so that there is no -0
    return (f"{number:.0f}" if large else f"{number:.3g}").replace("-", "−")
