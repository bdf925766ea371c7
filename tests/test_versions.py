"""What is installed, and which kernel takes the steps."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

import sk_neuron
from sk_neuron import _kernels, _show_versions, show_versions
from sk_neuron._kernels import _compiled


def describe(capsys, *X):
    """Return the lines of sk-neuron's own by their names, without those of scikit-learn."""
    show_versions(*X)
    own, others = capsys.readouterr().out.split("\nSystem:", 1)
    assert "scikit" in others.lower() or "sklearn" in others
    return dict(line.strip().split(": ", 1) for line in own.strip().splitlines())


def test_versions(capsys):
    lines = describe(capsys)
    assert list(lines) == ["sk-neuron", "kernel"]
    assert lines["sk-neuron"] == sk_neuron.__version__


@pytest.mark.parametrize(
    ("built", "off", "threads", "expected"),
    [
        (True, True, 2, "NumPy, as SK_NEURON_KERNEL says"),
        (False, False, 2, "NumPy, since there was no C compiler when sk-neuron was"),
        (True, False, 0, "compiled, without OpenMP: one thread"),
        (True, False, 2, "compiled, with OpenMP for up to 2 threads"),
    ],
)
def test_kernel(built, off, threads, expected, capsys, monkeypatch):
    monkeypatch.setattr(_kernels, "BUILT", built)
    monkeypatch.setattr(_kernels, "SWITCHED_OFF", off)
    monkeypatch.setattr(_kernels, "get_max_threads", lambda: threads)
    assert describe(capsys)["kernel"].startswith(expected)


def test_a_source_folder_that_was_never_built(capsys, monkeypatch):
    assert not _show_versions._is_source_folder()
    monkeypatch.setattr(_kernels, "BUILT", False)
    monkeypatch.setattr(_kernels, "SWITCHED_OFF", False)
    monkeypatch.setattr(_show_versions, "_is_source_folder", lambda: True)
    assert "Python took the source folder" in describe(capsys)["kernel"]


ROWS = np.random.default_rng(0).random((20_000, 50))


@pytest.mark.skipif(
    not _kernels.BUILT or _kernels.SWITCHED_OFF, reason="there is no compiled kernel"
)
@pytest.mark.parametrize(
    ("X", "expected"),
    [
        (ROWS, "20000 x 50 float64, compiled kernel on 2 threads"),
        (ROWS.astype("f4"), "20000 x 50 float32, compiled kernel on 2 threads"),
        (np.asfortranarray(ROWS), "20000 x 50 float64, compiled kernel on 2 threads"),
        (csr_array(ROWS), "20000 x 50 float64, compiled kernel on 2 threads"),
        (ROWS[:300], "300 x 50 float64, compiled kernel on 1 thread"),
        (ROWS[:300].tolist(), "300 x 50 float64, compiled kernel on 1 thread"),
        (ROWS[:, ::2], "20000 x 25 float64, NumPy kernel"),
        (
            ROWS[:40],
            "40 x 50 float64, NumPy on X @ X.T, which is cheaper for 100 steps",
        ),
    ],
    ids=["C", "float32", "F", "CSR", "small", "list", "strided", "wide"],
)
def test_data(X, expected, capsys):
    with threadpool_limits(2, user_api="openmp"):
        assert describe(capsys, X)["X"] == expected


def test_numpy_kernel(capsys, monkeypatch):
    monkeypatch.setattr(_compiled, "SWITCHED_OFF", True)
    assert describe(capsys, ROWS)["X"] == "20000 x 50 float64, NumPy kernel"


@pytest.mark.parametrize("X", [[[np.nan]], [["a"]], [1.0, 2.0]])
def test_data_that_fit_would_not_take(X):
    with pytest.raises(ValueError, match=r"NaN|convert|2D array"):
        show_versions(X)
