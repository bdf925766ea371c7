"""Where the parts of a neuron or a layer are, on axes of any size and shape.

Texts are measured in ems: font sizes. The font is as large as the axes allow, and from then
on all is in points, which are the unit of the axes.
"""

from bisect import bisect_right

import numpy as np

_FONT_SIZES = 5.5, 12  # in points, the smallest and the largest

# In ems:
_ROW = 1.4, 7  # the least and the most from one input, or class, to the next
_GAP = 0.5
_RADIUS = 1.6  # of the sum, the sigmoid and the output
_NODE = 2.2, 0.7  # the least width of an input, and by how much it is wider than its text
_LONG_NAME = 16  # when the name of a feature is shortened however wide the axes are
_SHORT_NAME = 3  # how far a name is shortened on narrow axes
# On wide axes, and on narrow ones:
_FAN = 7, 3.5  # the least width in which the edges come together
_ARROW = 1.5, 1  # from the other classes, and to and from the softmax of a layer
_BOX = 2.6, 1.7  # the width of the softmax of a layer
# Of a neuron or one class:
_DROP = 6  # from the sum down to the sigmoid and to the output, on narrow axes
_BELOW = 6.5  # from the middle of the output down to the end of its caption
_BESIDE = 6.5  # from the middle of the sigmoid to the end of what is above or below it

_NARROW = 7  # in points, the font of a layer below which axes are narrow
_SLACK = 1.12  # how much wider a small text can be, whose letters are whole pixels


def measure(ax, text, parse_math=False):
    """Return the width of a text in ems, with the slack that small letters need."""
    size = 100  # so large that pixels do not matter
    drawn = ax.text(0, 0, text, fontsize=size, parse_math=parse_math)
    width = drawn.get_window_extent().width * 72 / ax.figure.dpi / size
    drawn.remove()
    return _SLACK * width


def shorten(ax, text, room):
    """Return a text that fits into so many ems, its middle left out if need be."""

    def cut(n_kept):
        n_tail = n_kept // 2
        head, tail = text[: n_kept - n_tail], text[len(text) - n_tail :]
        return f"{head.rstrip()}…{tail.lstrip()}"

    if len(text) < 3 or measure(ax, text) <= room:
        return text
    counts = range(3, len(text))
    return cut(2 + bisect_right(counts, room, key=lambda n: measure(ax, cut(n))))


class Layout:
    """Axes whose unit becomes the point, and where the inputs are on them."""

    # Set by those that know what is drawn:
    font_size: float

    def __init__(self, ax):
        from matplotlib import rcParams

        self.ax, self.ink, self.paper = ax, rcParams["text.color"], ax.get_facecolor()
        scale = 72 / ax.figure.dpi
        self.width, self.height = ax.bbox.width * scale, ax.bbox.height * scale
        ax.set(xlim=(0, self.width), ylim=(0, self.height), aspect="equal")
        ax.set_axis_off()

    def measure_widest(self, texts, parse_math=False):
        """Return the width of the widest text in ems, 0 without any."""
        return max((measure(self.ax, text, parse_math) for text in texts), default=0.0)

    def measure_nodes(self, texts):
        """Return how wide nodes must be for their texts, in ems."""
        return max(_NODE[0], _NODE[1] + self.measure_widest(texts, parse_math=True))

    def measure_names(self, names, others):
        """Return the width of names in ems, and how much of it can be spared.

        Names can be shortened, and the other texts in their column cannot.
        """
        least = self.measure_widest(others)
        width = max(least, min(_LONG_NAME, self.measure_widest(names)))
        return width, max(0.0, width - max(_SHORT_NAME, least))

    def fit_font(self, n_wide, n_high, spare):
        """Return the largest font size in which so many ems fit.

        Rather than be too small to read, names are shortened, up to the spare ems.
        """
        columns, rows = self.width / n_wide, self.height / n_high
        shortened = self.width / (n_wide - spare)
        return float(min(np.clip(min(columns, rows), *_FONT_SIZES), shortened, rows))

    def count_missing(self, n_wide):
        """Return how many ems do not fit."""
        return max(0.0, n_wide - self.width / self.font_size)

    def set_inputs(self, n_rows, name_room, node_width):
        """Set where the inputs are, in rows from the top; widths are in ems."""
        em = self.font_size
        self.name_room = name_room + 1e-6  # rounding
        self.pitch = min(self.height / n_rows, _ROW[1] * em)
        self.rows = self.stack_rows(n_rows, self.pitch)
        self.node = self.fit_node(node_width, self.pitch)
        self.name_end = self.name_room * em
        self.node_center = self.name_end + (_GAP + node_width / 2) * em
        self.node_end = self.node_center + node_width / 2 * em

    def fit_node(self, node_width, pitch):
        """Return the width and the height of a node: of a circle where rows have room."""
        width = node_width * self.font_size
        return width, min(width, 0.85 * pitch)

    def stack_rows(self, n_rows, pitch):
        """Return the heights of rows in the middle of the axes, from the top."""
        middle = (n_rows - 1) / 2
        return [self.height / 2 + (middle - k) * pitch for k in range(n_rows)]


class ColumnLayout(Layout):
    """Where the parts of one column are: of a neuron, or of one class of a layer.

    On the left is a row for each name, and one for what `more` says, a text or none. From
    the sum a chain leads to the function and the output, to the right or, on narrow axes,
    down. A fourth caption is about the other classes.
    """

    line_widths = 0.5, 3.5  # in points, of a weight of 0 and of the largest
    least_alpha = 1.0  # of an edge

    def __init__(self, ax, numbers, captions, names, values, more):
        super().__init__(ax)
        n_rows = len(names) + len(more)
        name_width, spare = self.measure_names(names, more)
        node_width = self.measure_nodes(values)
        number_width = 1.4 + self.measure_widest(numbers)
        inputs_width = name_width + _GAP + node_width + number_width
        widths = [measure(ax, caption) for caption in captions]
        z_width, function_width, output_width = widths[:3]
        others_width = max(widths[3:], default=0)

        # How wide and how high all is, with the chain to the right:
        steps = (
            2 * _RADIUS + max(z_width, 1) + 1.2,
            max(2 * _RADIUS + 2.2, (function_width + output_width) / 2 + 0.8),
        )
        chain_right = _RADIUS + sum(steps) + max(_RADIUS, output_width / 2)
        right = inputs_width + _FAN[0] + chain_right, max(_ROW[0] * n_rows, 2 * _BESIDE)
        # and down:
        beside_function = _RADIUS + max(function_width + _GAP, _ARROW[1] + others_width)
        besides = z_width + _GAP, beside_function, output_width - _RADIUS
        chain_down = _RADIUS + max(_RADIUS, *besides)
        height_down = max(_ROW[0] * n_rows, 2 * _DROP + _BELOW + 2)
        down = inputs_width + _FAN[1] + chain_down, height_down

        is_right = self.width > max(self.height, _FONT_SIZES[0] * right[0]) or (
            self.fit_font(*right, spare) > self.fit_font(*down, spare)
        )
        size, chain_width = (right, chain_right) if is_right else (down, chain_down)
        self.font_size = em = self.fit_font(*size, spare)
        self.set_inputs(n_rows, name_width - self.count_missing(size[0]), node_width)
        self.number_center = self.node_end + number_width / 2 * em
        self.fan_start = self.node_end + number_width * em
        self.radius = _RADIUS * em
        x = self.width - chain_width * em + self.radius
        if is_right:
            self._set_chain_right(x, *steps)
        else:
            self._set_chain_down(x, others_width > 0)

    def _set_chain_right(self, x, first_step, second_step):
        """Set where the chain is, from the sum at x to the right."""
        em, radius, y = self.font_size, self.radius, self.height / 2
        x1, x2 = x + first_step * em, x + (first_step + second_step) * em
        self.chain = (x, y), (x1, y), (x2, y)
        self.approach = 0
        below, above = y - radius - _GAP * em, y + radius
        at_others = x1, above + _ARROW[0] * em
        self.others_arrow = at_others, (x1, above)
        self.captions = [
            (((x + x1) / 2, y + _GAP * em / 2), "center", "bottom"),
            ((x1, below), "center", "top"),
            ((x2, below), "center", "top"),
            (at_others, "center", "bottom"),
        ]

    def _set_chain_down(self, x, has_others):
        """Set where the chain is, from the sum at x down."""
        em, radius, gap = self.font_size, self.radius, _GAP * self.font_size
        y = max(self.height / 2, (2 * _DROP + _BELOW) * em)  # as far up as the rest needs
        y1, y2 = y - _DROP * em, y - 2 * _DROP * em
        self.chain = (x, y), (x, y1), (x, y2)
        # From the side, so that no edge passes behind the sigmoid.
        self.approach = (x - self.fan_start) / 2
        up, down = (0.9 * em, 1.2 * em) if has_others else (0, 0)
        side = x + radius
        at_others = side + _ARROW[1] * em, y1 + up
        self.others_arrow = at_others, (side, y1 + up)
        self.captions = [
            ((x + gap, (y + y1) / 2), "left", "center"),
            ((side + gap, y1 - down), "left", "center"),
            ((x - radius, y2 - radius - gap), "left", "top"),
            (at_others, "left", "center"),
        ]


class LayerLayout(Layout):
    """Where the parts of a whole softmax layer are.

    There is a row for each name on the left, one for each class on the right, and one for
    what `more` and `more_classes` say, a text or none.
    """

    line_widths = 0.25, 3
    least_alpha = 0.3  # many edges cross

    def __init__(self, ax, sums, outputs, classes, more_classes, names, values, more):
        super().__init__(ax)
        n_rows, n_classes = len(names) + len(more), len(classes) + len(more_classes)
        name_width, name_spare = self.measure_names(names, more)
        class_width, class_spare = self.measure_names(classes, ["class", *more_classes])
        node_width = self.measure_nodes(values)
        sum_width, output_width = self.measure_nodes(sums), self.measure_nodes(outputs)
        inputs_width = name_width + _GAP + node_width
        least_width = inputs_width + sum_width + output_width + _GAP + class_width
        for fan, arrow, box in zip(_FAN, _ARROW, _BOX, strict=True):
            n_wide = least_width + fan + 2 * arrow + box
            if self.width > _NARROW * n_wide:
                break
        n_high = _ROW[0] * max(n_rows, n_classes + 2)  # with the headers

        spare = name_spare + class_spare
        self.font_size = em = self.fit_font(n_wide, n_high, spare)
        share = self.count_missing(n_wide) / (spare or 1.0)
        self.set_inputs(n_rows, name_width - share * name_spare, node_width)
        self.class_room = class_width - share * class_spare + 1e-6  # rounding
        self.class_pitch = min((self.height - 2 * _ROW[0] * em) / n_classes, _ROW[1] * em)
        self.class_rows = self.stack_rows(n_classes, self.class_pitch)

        widths = self.class_room, _GAP, output_width, arrow, box, arrow, sum_width
        from_right = self.width - np.cumsum(widths) * em
        self.class_start, output_end, output_start, *inner = from_right.tolist()
        box_end, box_start, sum_end, self.sum_start = inner
        self.arrows = (sum_end, box_start), (box_end, output_start)
        self.sum_center = (self.sum_start + sum_end) / 2
        self.output_center = (output_start + output_end) / 2
        self.sum_node = self.fit_node(sum_width, self.class_pitch)
        self.output_node = self.fit_node(output_width, self.class_pitch)
        self.fan_start = self.node_end
        self.approach = 0.4 * (self.sum_start - self.fan_start)

        # The softmax takes all classes, those too that are not drawn.
        reach = max(self.sum_node[1], self.output_node[1]) / 2
        top, bottom = self.class_rows[0] + reach, self.class_rows[-1] - reach
        self.box = (box_start, bottom), box * em, top - bottom
        self.header_height = top + 0.2 * em
