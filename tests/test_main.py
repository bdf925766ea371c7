"""`python -m sk_neuron`: what a newcomer sees first."""

import subprocess
import sys

import numpy as np
import pytest

from sk_neuron.__main__ import flip_labels, show_article

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


def test_whole_demo():
    out = subprocess.check_output([sys.executable, "-P", "-m", "sk_neuron"], text=True)
    assert out.startswith(ARTICLE)
    _, _, table = out.partition("data          labels")
    rows = table.splitlines()[1:]
    assert len(rows) == 8
    for row in rows:
        accuracy, brier, _ = map(float, row.split()[-3:])
        assert 0.9 < accuracy < 1
        assert 0 < brier < 0.3
        assert len(row) == len(rows[0])
    neuron, logistic = (
        np.array([row.split()[-2] for row in rows[k::2]], float) for k in (0, 1)
    )
    # What README says of this table: clean, flipped, clean, flipped.
    np.testing.assert_array_equal(neuron < logistic, [False, True, False, True])


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_flip_labels(share):
    y = np.array(list("abcab") * 20)
    flipped = flip_labels(y, share, np.random.default_rng(0))
    assert np.mean(flipped != y) == pytest.approx(share)
    assert set(flipped) <= set("abc")
