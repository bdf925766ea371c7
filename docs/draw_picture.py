"""Draw the picture of README and the points of the first page: `make docs` does.

One wrong label, then a third of them, and what logistic regression and the neuron make of
it. Both are scored on new rows with correct labels.
"""

import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.animation import FuncAnimation, PillowWriter
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from sk_neuron import SigmoidNeuronClassifier

STATIC = Path(__file__).with_name("_static")
CENTRES = np.array([[-1.5, -0.5], [1.5, 0.5]])  # of the classes
N_ROWS, FAR = 80, [8.0, 3.0]
COLOURS, MARKERS = ["#D55E00", "#0072B2"], ["s", "o"]
X_RANGE, Y_RANGE = (-5.0, 9.0), (-4.0, 4.5)
THIRD = N_ROWS // 3


def draw_points():
    """Return X and y: two clouds, and a row of class 1 far out, the last one."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], N_ROWS // 2)
    X = (rng.normal(size=(N_ROWS, 2)) + CENTRES[y]).round(2)
    X[-1] = FAR
    # in which order labels are flipped: the row far out is the first
    order = np.r_[N_ROWS - 1, rng.permutation(N_ROWS - 1)]
    return X, y, order


def fit_both(X, recorded, share):
    """Return logistic regression, and the neuron, which is told the share."""
    neuron = SigmoidNeuronClassifier(max_iter=30, label_noise=share)
    return {
        "LogisticRegression()": LogisticRegression().fit(X, recorded),
        f"SigmoidNeuronClassifier(label_noise={share:.2f})": neuron.fit(
            X, recorded
        ),
    }


def score(model):
    """Return the expected Brier score of a linear model on new rows.

    In each class the raw prediction is normally distributed.
    """
    w, b = model.coef_[0], model.intercept_[0]
    normal = np.linspace(-8, 8, 4001)
    density = np.exp(-(normal**2) / 2)
    density /= density.sum()
    return np.mean(
        [
            density
            @ (t - expit(centre @ w + b + normal * np.linalg.norm(w)))
            ** 2
            for t, centre in enumerate(CENTRES)
        ]
    )


def draw_panel(ax, model, X, recorded, is_wrong):
    """Draw the probabilities of a model, the rows, and rings around wrong labels."""
    first, second = np.meshgrid(
        np.linspace(*X_RANGE, 200), np.linspace(*Y_RANGE, 120)
    )
    points = np.column_stack([first.ravel(), second.ravel()])
    proba = model.predict_proba(points)[:, 1].reshape(first.shape)
    ax.contourf(
        first,
        second,
        proba,
        levels=np.linspace(0, 1, 11),
        cmap=plt.cm.colors.LinearSegmentedColormap.from_list(
            "", ["#F0B27A", "white", "#85B8DC"]
        ),
    )
    ax.contour(first, second, proba, [0.5], colors="black")
    for label in (0, 1):
        rows = recorded == label
        ax.plot(
            *X[rows].T,
            MARKERS[label],
            color=COLOURS[label],
            markeredgecolor="white",
            markersize=5.5,
        )
    ax.plot(
        *X[is_wrong].T, "o", color="black", mfc="none", markersize=10
    )
    ax.set(xlim=X_RANGE, ylim=Y_RANGE, xticks=[], yticks=[])


def draw_scene(axes, n_wrong, with_names):
    """Draw both models, one below the other, with so many wrong labels."""
    X, y, order = draw_points()
    is_wrong = np.isin(np.arange(N_ROWS), order[:n_wrong])
    recorded = np.where(is_wrong, 1 - y, y)
    models = fit_both(X, recorded, n_wrong / N_ROWS)
    for ax, (name, model) in zip(axes, models.items(), strict=True):
        ax.clear()
        draw_panel(ax, model, X, recorded, is_wrong)
        title = f"Brier score {score(model):.3f}"
        ax.set_title(
            f"{name}\n{title}" if with_names else title, fontsize=10
        )


def name_scene(n_wrong):
    names = {
        0: "All labels are correct",
        1: "One label is wrong",
        THIRD: "A third of the labels is wrong",
    }
    return names.get(n_wrong, f"{n_wrong} of {N_ROWS} labels are wrong")


def draw_still(path):
    figure = plt.figure(figsize=(10, 5.2), layout="constrained")
    parts = figure.subfigures(1, 3)
    for part, n_wrong in zip(parts, [0, 1, THIRD], strict=True):
        part.suptitle(name_scene(n_wrong), fontsize=12)
        draw_scene(part.subplots(2, 1), n_wrong, with_names=False)
    axes = parts[0].axes
    axes[0].set_ylabel("logistic regression")
    axes[1].set_ylabel("neuron, told how many")
    figure.savefig(path, dpi=120, metadata={"Software": None})


def draw_animation(path):
    counts = [0, 1, 4, 8, 12, 16, 20, 23, THIRD]
    held = {0: 5, 1: 6, THIRD: 9}  # frames; others are one
    frames = [n for n in counts for _ in range(held.get(n, 1))]
    figure = plt.figure(figsize=(9, 3.6), layout="constrained")
    axes = figure.subplots(1, 2)

    def draw_frame(n_wrong):
        figure.suptitle(name_scene(n_wrong), fontsize=13)
        draw_scene(axes, n_wrong, with_names=True)

    animation = FuncAnimation(
        figure, draw_frame, frames, init_func=lambda: None
    )
    animation.save(path, PillowWriter(fps=2), dpi=85)


def write_points(path):
    """Write what the first page plays with, as JavaScript."""
    X, y, order = draw_points()
    case = {
        "X": X.tolist(),
        "y": y.tolist(),
        "order": order.tolist(),
        "centres": CENTRES.tolist(),
    }
    path.write_text(f"const POINTS = {json.dumps(case)};\n")


if __name__ == "__main__":
    draw_still(STATIC / "wrong_label.png")
    draw_animation(STATIC / "wrong_label.gif")
    write_points(STATIC / "points.js")
