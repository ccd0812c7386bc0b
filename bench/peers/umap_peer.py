"""umap-learn with its own settings: `umap_peer.py parallel` or `umap_peer.py seeded`, which it does on one thread.

Points are those of `../shared/golden/umap/features.npz`, 10,000 x 64; ours maps the same ones, seeded on all threads.
"""
import sys

from contestant import THREADS, compete

import numba
import numpy as np
import umap

numba.set_num_threads(THREADS)


def prepare(*_):
    points = np.load("../shared/golden/umap/features.npz")["x"]
    seed = dict(random_state=0) if sys.argv[1] == "seeded" else {}

    def run():
        umap.UMAP(n_neighbors=15, min_dist=0.1, **seed).fit(points)
        return len(points)

    return run


compete(prepare)
