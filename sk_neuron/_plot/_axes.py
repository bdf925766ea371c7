"""Axes to draw on, and the looks of lines."""

import math

# Colours that the colour-blind can distinguish (M. Okabe and K. Ito, "Color universal
# design", 2008), each with a style and a marker for those who print in grey.
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
_COLORS = BLUE, ORANGE, GREEN, VERMILION, "#CC79A7", "#000000"
LINE_LOOKS = list(zip(_COLORS, ["-", "--", "-.", ":", "-", "--"], "os^DvP", strict=True))


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
        smooth = 0.9 / math.log(10)  # the slope does not jump where the logarithm begins
        ax.set_xscale("symlog", linthresh=1, linscale=smooth)
    else:
        ax.set_xscale("log")
    ax.set(xlabel="iterations")


def mark_point(line, index, label):
    """Draw a mark at a point of a line and return it."""
    x, y = line.get_data()
    looks = {"color": line.get_color(), "markeredgecolor": "black", "label": label}
    (mark,) = line.axes.plot(x[index], y[index], "o", **looks)
    return mark
