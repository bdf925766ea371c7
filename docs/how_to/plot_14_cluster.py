"""
Train on more rows than memory holds
====================================

The rows are in files that no machine of yours can hold at once. You
have a cluster, or one machine and a disk.
"""

# %%
# A cluster
# ---------
# Here it is two processes of this machine that may have 600 MB each.
# On a real one, pass the address of its scheduler to ``Client``. In a
# script, put all of this below ``if __name__ == "__main__":``, since
# the workers import the script.
import tempfile
from pathlib import Path

import dask.dataframe as dd
import numpy as np
import pandas as pd
from distributed import Client, LocalCluster

from sk_neuron.dask import (
    SigmoidNeuronClassifier,
    SigmoidNeuronClassifierCV,
)

cluster = LocalCluster(
    n_workers=2,
    threads_per_worker=1,
    memory_limit="600MB",
    dashboard_address=":0",
)
client = Client(cluster)

# %%
# Files
# -----
# Sixty Parquet files of 10 MB, which a worker could not hold. There may
# be as many as the disk has room for, since a worker reads one of them
# at a time. One label in ten is wrong.
folder = tempfile.TemporaryDirectory()
features = [f"x{k}" for k in range(25)]
coef = np.random.default_rng(0).standard_normal(25)
for number in range(60):
    rng = np.random.default_rng(number)
    X = rng.standard_normal((50_000, 25))
    y = (X @ coef + rng.logistic(size=len(X)) > 0).astype(int)
    y = np.where(rng.random(len(y)) < 0.1, 1 - y, y)
    frame = pd.DataFrame(X, columns=features).assign(y=y)
    frame.to_parquet(
        Path(folder.name, f"{number:02}.parquet"), compression=None
    )

# %%
# Fit
# ---
# A data frame of dask is a plan to read the files. They are read once
# to be checked, once for the start and once for each step, and a worker
# has one file in memory at a time. What comes back from a file is a sum
# of 26 numbers.
rows = dd.read_parquet(folder.name)
neuron = SigmoidNeuronClassifier(max_iter=3, label_noise=0.1, verbose=1)
neuron = neuron.fit(rows[features], rows["y"])
neuron.loss_curve_.round(4)

# %%
# If the rows fit into the memory of all workers together, keep them
# there: ``X = rows[features].persist()``. Steps then read no files.
#
# Search
# ------
# Folds and candidates share each pass over the files, and the same pass
# scores the rows of each fold. At the end each fold judges the labels
# that it was not trained on, in a pass of its own.
search = SigmoidNeuronClassifierCV(
    iters=[1, 2], label_noises=[0.0, 0.1], cv=3, refit=False
)
search = search.fit(rows[features], rows["y"])
search.label_noise_, search.n_iter_

# %%
# More steps would be better still, as a warning says.
#
# Predict
# -------
# Answers are lazy: nothing is computed yet.
answers = neuron.predict(rows[features])
answers

# %%
# They come block by block where you ask for them, or are written to
# files by the workers. These are of the first file.
answers.blocks[0].compute()[:5]

# %%
# The model knows nothing of the cluster: it can be pickled, and it
# answers to rows in memory.
client.close()
cluster.close()
folder.cleanup()
neuron.predict_proba(frame[features][:2]).round(3)
