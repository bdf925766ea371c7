"""Draws a neuron or a softmax layer, part by part, as a layout says where each is."""

from itertools import pairwise

import numpy as np
from scipy.special import expit

from sk_neuron._plot._common import BLUE, ORANGE, VERMILION, list_names
from sk_neuron._plot._neuron_layout import ColumnLayout, LayerLayout, measure, shorten

# Colour and line of a weight by its sign, for the colour-blind and in grey as well.
_LOOKS = {1: (BLUE, "-"), -1: (ORANGE, "--"), 0: ("0.6", "-")}
_MARK = VERMILION  # the colour of the point on the curve and of the bars

# In ems, when the name of a class gets a line of its own, and when it is shortened.
_LONG_CLASS = 7, 10


def draw_column(display, weights, name, n_others, log_odds):
    """Draw a neuron, or one class of a layer that has so many others."""
    inputs = _describe_inputs(display)
    numbers = [_format(weight) for weight in weights]
    captions = _write_captions(display, name, n_others)
    layout = ColumnLayout(display.ax_, numbers, captions, *inputs)
    rows = _draw_inputs(display, layout, *inputs)
    display.edges_ = _draw_edges(layout, rows, layout.chain[:1], weights[np.newaxis])
    box = {"facecolor": layout.paper, "edgecolor": "none", "pad": 1}  # hides the edge
    display.numbers_ = [
        _write(layout, (layout.number_center, y), number, bbox=box)
        for y, number in zip(rows, numbers, strict=True)
    ]
    _draw_chain(display, layout, n_others)
    _draw_curve(display, layout, log_odds)
    display.captions_ = [
        _write(layout, point, caption, ha=ha, va=va)
        for caption, (point, ha, va) in zip(captions, layout.captions, strict=False)
    ]


def draw_layer(display, weights, classes):
    """Draw the classes of a softmax layer that are chosen, with their names."""
    drawn = display.drawn_classes_
    sums, outputs = ["Σ"] * len(drawn), ["p"] * len(drawn)
    if display.values is not None:
        sums = [_format(z) for z in display.raw_prediction_[drawn]]
        outputs = [f"{p:.4f}" for p in display.probability_[drawn]]
    inputs = _describe_inputs(display)
    classes = [shorten(display.ax_, name, _LONG_CLASS[1]) for name in classes]
    more = _count_more(len(display.coef) - len(drawn))
    layout = LayerLayout(display.ax_, sums, outputs, classes, more, *inputs)
    rows, class_rows = _draw_inputs(display, layout, *inputs), layout.class_rows
    if more:
        start = layout.class_start, class_rows.pop()
        display.more_classes_ = _write(layout, start, *more, ha="left", alpha=0.6)
    ends = [(layout.sum_start, y) for y in class_rows]
    display.edges_ = _draw_edges(layout, rows, ends, weights)
    _draw_softmax(display, layout)
    x, node = layout.sum_center, layout.sum_node
    display.sums_ = _draw_nodes(layout, x, class_rows, node, sums)
    x, node = layout.output_center, layout.output_node
    display.outputs_ = _draw_nodes(layout, x, class_rows, node, outputs)
    for y, name in zip(class_rows, classes, strict=True):
        for start, end in layout.arrows:
            _draw_arrow(layout, (start, y), (end, y))
        name, start = shorten(layout.ax, name, layout.class_room), (layout.class_start, y)
        display.captions_.append(_write(layout, start, name, ha="left"))


def _describe_inputs(display):
    """Return the names and values of the inputs drawn, and how many more there are."""
    n_features, drawn = np.shape(display.coef)[-1], display.drawn_
    names = list_names(display.feature_names, n_features)
    names = [names[j] for j in drawn]
    values = [f"$x_{{{j}}}$" for j in drawn]
    if display.values is not None:
        values = [_format(value) for value in np.asarray(display.values)[drawn]]
    more = _count_more(n_features - len(drawn))
    if display.intercept is None:
        return names, values, more
    return [*names, "intercept"], [*values, "1"], more


def _write_captions(display, name, n_others):
    """Return what is written beside the sum, the function and the output."""
    long, too_long = _LONG_CLASS
    if measure(display.ax_, name) > long:
        lines = name.split(" ", 1)
        name = "\n".join(shorten(display.ax_, line, too_long) for line in lines)
    z, output = "z", name
    if display.values is not None:
        z = f"z = {_format(display.raw_prediction_)}"
        symbol = "p" if n_others else "o"
        output = f"{symbol} = {display.probability_:.4f}\n{name}"
    if not n_others:
        return [z, "σ(z)", output]
    others = f"z of {n_others}\nother{'s' if n_others > 1 else ''}"
    return [z, "softmax", output, others]


def _draw_inputs(display, layout, names, values, more):
    """Draw the inputs and return their rows."""
    rows, n_features = layout.rows, len(display.drawn_)
    if more:  # after the features, before the intercept
        end = layout.name_end, rows.pop(n_features)
        display.more_ = _write(layout, end, *more, ha="right", alpha=0.6)
    x = layout.node_center
    for k, (y, name, value) in enumerate(zip(rows, names, values, strict=True)):
        ink = 0.1 if k == n_features else 0  # the constant is grey
        node = _add_shape(layout, _make_node((x, y), *layout.node), ink)
        name, end = shorten(layout.ax, name, layout.name_room), (layout.name_end, y)
        display.inputs_.append(node)
        display.names_.append(_write(layout, end, name, ha="right"))
        display.values_.append(_write(layout, (x, y), value, parse_math=True))
    return rows


def _draw_edges(layout, rows, ends, weights):
    """Draw weights (n_ends, n_rows) as lines, and return them end by end."""
    size = np.abs(weights.astype(np.float64))
    strength = size / (size.max() or 1.0)
    return [
        _draw_edge(layout, rows[j], ends[k], np.sign(weight), strength[k, j])
        for (k, j), weight in np.ndenumerate(weights)
    ]


def _draw_edge(layout, y, end, sign, strength):
    """Draw a weight as a line: straight at first, and then a cubic Bézier curve."""
    least, most = layout.line_widths
    width = least + (min(most, layout.pitch / 6) - least) * strength
    start, (x_end, y_end) = layout.fan_start, end
    t = np.linspace(0, 1, 30)[:, np.newaxis]
    s = 1 - t
    leave, arrive = start + 0.4 * (x_end - start), x_end - layout.approach
    a, b, c, d = np.array([(start, y), (leave, y), (arrive, y_end), (x_end, y_end)])
    curve = s**3 * a + 3 * s**2 * t * b + 3 * s * t**2 * c + t**3 * d
    color, style = _LOOKS[sign]
    (edge,) = layout.ax.plot(
        *np.vstack([(layout.node_center, y), curve]).T,
        style,
        color=color,
        linewidth=width,
        alpha=layout.least_alpha + (1 - layout.least_alpha) * strength,
        zorder=1 + strength / 2,  # the strongest in front
    )
    return edge


def _draw_chain(display, layout, n_others):
    """Draw the sum, the function, the output and the arrows between them."""
    from matplotlib.patches import Circle, Rectangle

    radius = layout.radius
    for start, end in pairwise(layout.chain):
        _draw_arrow(layout, start, end, shrink=radius)
    if n_others:
        _draw_arrow(layout, *layout.others_arrow, color="0.5")
    at_sum, (x, y), at_output = layout.chain
    square = Rectangle((x - radius, y - radius), 2 * radius, 2 * radius)
    for shape in (Circle(at_sum, radius), square, Circle(at_output, radius)):
        _add_shape(layout, shape)
    em, symbol = layout.font_size, "p" if n_others else "o"
    display.sums_ = [_write(layout, at_sum, "Σ", fontsize=1.5 * em)]
    display.outputs_ = [_write(layout, at_output, symbol, fontsize=1.3 * em)]


def _draw_curve(display, layout, log_odds):
    """Draw the sigmoid in its square, and the point on it unless the log odds are None."""
    reach = max(6, 1.2 * abs(log_odds or 0))
    radius, (x, y) = layout.radius, layout.chain[1]

    def locate(log_odds):
        height = 1.5 * radius * (expit(log_odds) - 0.5)
        return x + 0.85 * radius * log_odds / reach, y + height

    curve = locate(np.linspace(-reach, reach, 201))
    looks = {"color": layout.ink, "linewidth": 1, "zorder": 4}
    (display.curve_,) = layout.ax.plot(*curve, "-", **looks)
    if log_odds is not None:
        looks = {"markeredgecolor": layout.ink, "markersize": 0.6 * layout.font_size}
        (display.point_,) = layout.ax.plot(
            *locate(log_odds), "o", color=_MARK, zorder=5, **looks
        )


def _draw_softmax(display, layout):
    """Draw the softmax of a layer, the probabilities in it as bars, and the headers."""
    from matplotlib.patches import Rectangle

    (left, _), width, _ = layout.box
    _add_shape(layout, Rectangle(*layout.box))
    headers = {"softmax": left + width / 2}
    if display.values is not None:
        headers |= {"z": layout.sum_center, "p": layout.output_center}
        lengths = width * display.probability_[display.drawn_classes_].astype(np.float64)
        looks = {"color": _MARK, "linewidth": 0, "zorder": 4}
        display.bars_ = layout.ax.barh(
            layout.class_rows, lengths, 0.6 * layout.sum_node[1], left, **looks
        ).patches
    for text, x in headers.items():
        _write(layout, (x, layout.header_height), text, va="bottom")
    start = layout.class_start, layout.header_height
    _write(layout, start, "class", ha="left", va="bottom")


def _draw_nodes(layout, x, rows, node, texts):
    """Draw the sums or the outputs of a layer and return what is written in them."""
    for y in rows:
        _add_shape(layout, _make_node((x, y), *node))
    return [_write(layout, (x, y), text) for y, text in zip(rows, texts, strict=True)]


def _make_node(center, width, height):
    """Return a circle, or a box with round ends if there is no room for one."""
    from matplotlib.patches import Circle, FancyBboxPatch

    if width == height:
        return Circle(center, width / 2)
    corner = center[0] - width / 2, center[1] - height / 2
    ends = f"round, pad=0, rounding_size={height / 2}"
    return FancyBboxPatch(corner, width, height, boxstyle=ends)


def _add_shape(layout, shape, ink=0):
    """Draw a shape that hides what is behind it, with so much ink in its colour."""
    from matplotlib.colors import to_rgb

    fill = ink * np.array(to_rgb(layout.ink)) + (1 - ink) * np.array(to_rgb(layout.paper))
    shape.set(facecolor=fill, edgecolor=layout.ink, linewidth=0.8, zorder=3)
    return layout.ax.add_patch(shape)


def _draw_arrow(layout, start, end, *, shrink=0, color=None):
    """Draw an arrow that leaves out a radius around its ends."""
    looks = {"arrowstyle": "-|>", "color": color or layout.ink, "linewidth": 0.8}
    looks |= {"shrinkA": shrink, "shrinkB": shrink, "mutation_scale": layout.font_size}
    layout.ax.annotate("", end, start, arrowprops=looks)


def _write(layout, point, text, **looks):
    """Write a text at a point, by default in the middle of it."""
    looks = {"ha": "center", "va": "center_baseline", "zorder": 4} | looks
    looks = {"fontsize": layout.font_size, "parse_math": False} | looks
    return layout.ax.text(*point, text, **looks)


def _count_more(n_hidden):
    """Return a list with a text about what is not drawn, or an empty one."""
    return [f"… {n_hidden} more"] if n_hidden else []


def _format(number):
    """Return a number in three digits, or all of those before the point up to 99999."""
    large = 100 <= abs(number) < 99_999.5
    number += 0.0  # so that there is no -0
    return (f"{number:.0f}" if large else f"{number:.3g}").replace("-", "−")
