"""What the authors of a senescence screen call hits, beside what `morphotype score` calls so.

The screen: lkmartin90/Image_ML_for_senescence, cell line E31, LOPAC library, 8 plates of 384 wells (CC0). Their rule, in
`E31_DMSO_bootstrapping_LOPAC.py` and `E31_LOPAC_datavis.ipynb`: all DMSO cells of a plate are pooled; for a well of n cells, n of them are
drawn 50 times with replacement; a well of more than 500 cells whose score is above the mean of the DMSO wells by more than 4
standard deviations of the means drawn is a hit. The cells themselves are not published. Such a standard deviation is that of the pooled cells
over the root of n, to which 50 draws come within a tenth; pooled cells are known from the number, mean and standard deviation of each well.

    morphotype score --wells E31_senscore_LOPAC.csv --plate-map GCGR-Lpc-Metadata.csv --score-column sen_score \
        --sd-column std_sen_score --count-column cell_no --called-column number_sen -o gbm
    python senescence_gbm.py gbm

Python 3.11, numpy 2.4.6, pandas 3.1.1.
"""

import sys

import numpy as np
import pandas as pd

wells = pd.read_csv(f"{sys.argv[1]}/wells.csv")
hits = pd.read_csv(f"{sys.argv[1]}/hits.csv").set_index("treatment")
wells = wells[wells.score.notna() & (wells.n_cells > 0)].copy()
amount = wells.concentration.map(lambda value: f"{value:g}")
wells["treatment"] = wells["compound"] + " " + amount + " " + wells.unit


def pooled(of):
    """Mean and standard deviation of the cells of some wells together."""
    n, mean = of.n_cells, of.score
    centre = np.average(mean, weights=n)
    return centre, np.sqrt(np.average(of.sd**2 + (mean - centre) ** 2, weights=n))


def theirs(plate, of, draws=None):
    """Whether wells `of` are hits by the authors' rule against the DMSO wells of `plate`."""
    dmso = plate[plate.compound == "DMSO"]
    spread = pooled(dmso)[1] / np.sqrt(of.n_cells)
    if draws is not None:
        spread = spread * draws
    return (of.score > dmso.score.mean() + 4 * spread) & (of.n_cells > 500)


wells["theirs"] = False
n_dmso, n_false, by_cells, by_wells = 0, 0, [], []
for name, plate in wells.groupby("plate"):
    drugs = plate[plate.compound != "DMSO"]
    wells.loc[drugs.index, "theirs"] = theirs(plate, drugs)
    # Each DMSO well as if it were a drug, against the others.
    for index in plate.index[plate.compound == "DMSO"]:
        n_dmso += plate.n_cells[index] > 500
        n_false += bool(theirs(plate.drop(index), plate.loc[[index]]).iloc[0])
    dmso = plate[plate.compound == "DMSO"]
    by_wells.append(dmso.score.std())
    by_cells.append((pooled(dmso)[1] / np.sqrt(dmso.n_cells)).mean())

samples = wells[wells.role == "sample"]
ours_up = set(hits.index[hits.hit == "up"])
theirs_up = set(samples.treatment[samples.theirs])
print(f"{len(samples)} wells of compounds on {wells.plate.nunique()} plates")
print(f"theirs: {len(theirs_up)} hits above DMSO; {n_false} of {n_dmso} DMSO wells would be hits ({100 * n_false / n_dmso:.1f} %)")
print(f"ours:   {len(ours_up)} above, {(hits.hit == 'down').sum()} below; {hits.verdict.str.startswith('toxic').sum()} toxic")
print(f"both:   {len(ours_up & theirs_up)}")
print(f"spread of DMSO wells {np.mean(by_wells):.3f}, of their cells over the root of n {np.mean(by_cells):.3f}")
only = hits.loc[sorted(theirs_up - ours_up)]
print("theirs alone, our verdict:")
print(only.verdict.value_counts().to_string())
alone = samples[samples.treatment.isin(ours_up - theirs_up)]
print(f"ours alone: {len(ours_up - theirs_up)}, of which {(alone.n_cells <= 500).sum()} have at most 500 cells")
rng = np.random.default_rng(0)  # what 50 draws add to their rule
again = [theirs(plate, plate[plate.role == "sample"], rng.normal(1, 0.1, (plate.role == "sample").sum())).sum()
         for _ in range(20) for _, plate in wells.groupby("plate")]
print(f"with 50 draws: {np.sum(again) / 20:.0f} hits on average")
for name, called in [("theirs", theirs_up), ("ours", ours_up)]:
    low = {name.removesuffix(" 0.5 uM") for name in called if name.endswith(" 0.5 uM")}
    high = {name.removesuffix(" 3 uM") for name in called if name.endswith(" 3 uM")}
    print(f"{name}: of {len(low)} hits at 0.5 uM {len(low & high)} are hits at 3 uM too")
