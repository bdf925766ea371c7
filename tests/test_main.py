"""`python -m sk_neuron`: what a newcomer sees first."""

import os
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


def test_whole_demo(tmp_path):
    command = [sys.executable, "-P", "-m", "sk_neuron"]
    env = os.environ | {"OMP_NUM_THREADS": "1"}  # the other core has tests of its own
    process = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=env)
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""  # no warning
    assert process.stdout.startswith(ARTICLE)
    assert list(tmp_path.iterdir()) == []
    _, _, rest = process.stdout.partition("data          labels")
    table, _, seconds = rest.partition("\n\n")
    rows = table.splitlines()[1:]
    assert len(rows) == 2 * (3 + 5)
    assert len({len(row) for row in rows}) == 1
    assert seconds.endswith(" seconds\n")
    scores = {"correct": {}, "20 % flipped": {}}
    for row in rows:
        data, labels, model = (row[a:b].strip() for a, b in ((0, 14), (14, 27), (27, 54)))
        brier, accuracy, wrong, suspected, found, _ = row[54:].split()
        assert 0.9 < float(accuracy) < 1
        assert int(found) <= min(int(suspected), int(wrong))
        assert (int(wrong) > 0) == (labels != "correct")
        scores[labels].setdefault(model, {})[data] = float(brier)
    for data in ("breast cancer", "digits"):  # what README says
        told, logistic = (
            scores["20 % flipped"][m][data]
            for m in ("neuron, told 20%", "LogisticRegression")
        )
        assert told < 0.6 * logistic
        clean = {m: of_data[data] for m, of_data in scores["correct"].items()}
        assert clean["LogisticRegression"] <= clean["neuron"]


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_flip_labels(share):
    y = np.array(list("abcab") * 20)
    flipped = flip_labels(y, share, np.random.default_rng(0))
    assert np.mean(flipped != y) == pytest.approx(share)
    assert set(flipped) <= set("abc")
