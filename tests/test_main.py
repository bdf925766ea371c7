"""`python -m sk_neuron`: what a newcomer sees first."""

import os
import subprocess
import sys

import numpy as np
import pytest

from sk_neuron import SigmoidNeuronClassifierCV
from sk_neuron.__main__ import draw, flip_labels, show_article

ARTICLE = """\
Random starting weights:
[[ 0.69763539]
 [-0.64220815]
 [-0.89127357]]
New weights after training:
[[ 9.67341006]
 [-0.20852727]
 [-4.62943754]]
Test of input [1, 0, 0] -> ?:
[0.99993707]
"""


def test_article(capsys):
    show_article()
    assert capsys.readouterr().out == ARTICLE


def test_whole_demo(tmp_path):
    command = [sys.executable, "-P", "-m", "sk_neuron"]
    env = os.environ | {"OMP_NUM_THREADS": "1"}  # the other core has tests of its own
    process = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=env)
    out, err = process.stdout, process.stderr
    assert process.returncode == 0, err
    assert err == ""
    assert out.startswith(ARTICLE)
    _, _, rest = out.partition("data          labels")
    table, _, picture = rest.partition("\n\n")
    rows = table.splitlines()[1:]
    assert len(rows) == 12
    for row in rows:
        accuracy, brier, _ = map(float, row.split()[-3:])
        assert 0.9 < accuracy < 1
        assert 0 < brier < 0.3
        assert len(row) == len(rows[0])
    for one_descent, grid_search in zip(rows[::3], rows[1::3], strict=True):
        assert one_descent.split()[-4:-1] == grid_search.split()[-4:-1]
    neuron, logistic = (
        np.array([row.split()[-2] for row in rows[k::3]], float) for k in (0, 2)
    )
    # What README says of this table: clean, flipped, clean, flipped.
    np.testing.assert_array_equal(neuron < logistic, [False, True, False, True])
    path = tmp_path / "iteration_path.png"
    assert picture.endswith(f"flipped labels of breast cancer: {path}\n")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_demo_without_matplotlib(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    X, y = np.arange(20.0)[:, np.newaxis], np.arange(20) % 2
    draw(SigmoidNeuronClassifierCV(iters=[1]).fit(X, y))
    assert (
        "No picture: IterationPathDisplay.plot needs matplotlib" in capsys.readouterr().out
    )


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_flip_labels(share):
    y = np.array(list("abcab") * 20)
    flipped = flip_labels(y, share, np.random.default_rng(0))
    assert np.mean(flipped != y) == pytest.approx(share)
    assert set(flipped) <= set("abc")
