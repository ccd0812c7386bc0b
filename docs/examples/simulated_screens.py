"""What `morphotype score` finds on simulated screens whose truth is known: false hits, power, a planted gradient.

    python simulated_screens.py path/to/morphotype

Python 3.11, numpy 2.4.6, pandas 3.1.1, scipy 1.17.1.
"""

import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, spearmanr


def scored(simulate, *score):
    """Wells, treatments and truth of a simulated screen."""
    with tempfile.TemporaryDirectory() as folder:
        run = lambda *words: subprocess.run([sys.argv[1], *words], cwd=folder, check=True, capture_output=True)
        run("simulate", "screen", "-o", "screen", *simulate.split())
        run("score", "--wells", "screen/wells.csv", "--plate-map", "screen/plate_map.csv", "-o", "s", *score)
        read = lambda name: pd.read_csv(f"{folder}/{name}.csv")
        return read("s/wells"), read("s/hits"), read("screen/truth")


SEEDS = 4
p, n_any, n_hits = [], 0, 0
for seed in range(SEEDS):
    idle = f"--seed {seed} --n-plates 1000 --n-replicates 1 --hits 0 --toxic 0 --effect 0"
    wells, hits, _ = scored(idle)
    samples = wells[wells.role == "sample"]
    p.append(samples.p)
    n_any += samples.groupby("plate").p.apply(lambda p: (false_discovery_control(p) <= 0.05).any()).sum()
    n_hits += hits.hit.notna().sum()
p = np.concatenate(p)
print(f"{1000 * SEEDS} plates without effects, {len(p)} samples")
for rate in [0.05, 0.01, 0.001]:
    print(f"  p below {rate}: {(p < rate).mean():.5f} of samples")
print(f"  plates with any sample at a false-discovery rate of 0.05: {n_any / (1000 * SEEDS):.4f}")
print(f"  hits by the whole rule: {n_hits}")

wells, hits, truth = scored("--n-plates 40 --hits 0.05 --effect 0.09 --drift 0.2")
planted = set(truth.compound[truth.hit & ~truth.toxic])
found = set(hits.treatment[hits.hit.notna()])
values = wells.score.dropna()
above = wells[(wells.role == "sample") & (wells.score > values.mean() + 3 * values.std())]
plain = set(above.compound)
print(f"40 plates in 2 replicates with drift, {len(planted)} planted hits of 4.5 standard deviations between wells")
print(f"  score: {len(found & planted)} found, {len(found - planted)} false")
print(f"  mean + 3 sd of all wells: {len(plain & planted)} found, {len(plain - planted)} false")

gradient = "--n-plates 2 --gradient 0.2 --scattered"
for name in ["robust-z", "b-score"]:
    wells, _, _ = scored(gradient, "--normalise", name)
    wells["column"] = wells.well.str[1:].astype(int)
    samples = wells[wells.role == "sample"]
    r = [spearmanr(plate.column, plate.normalised).statistic for _, plate in samples.groupby("plate")]
    print(f"gradient over columns after {name}: Spearman's r {', '.join(f'{v:.3f}' for v in r)}")
