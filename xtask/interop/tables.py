"""pandas, polars, pycytominer and anndata read what is written, and say the same. anndata==0.12.19, polars==2.1.0, pycytominer==1.7.1

usage: tables.py CROPS CELLS.parquet CELLS.csv PROFILES.parquet MAP
"""

import sys
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import polars as pl
from pycytominer import aggregate, normalize

crops, parquet, csv, profiles, embedding = map(Path, sys.argv[1:])

cells = pd.read_parquet(parquet)
pd.testing.assert_frame_equal(cells, pd.read_csv(csv), check_dtype=False)
theirs = pl.read_parquet(parquet)
assert theirs.columns == list(cells.columns) and len(theirs) == len(cells)
for name in theirs.columns:
    if theirs[name].dtype == pl.Float64:
        assert np.array_equal(theirs[name].to_numpy(), cells[name].to_numpy(float), equal_nan=True), name
    else:
        assert theirs[name].to_list() == [None if pd.isna(x) else x for x in cells[name]], name
facts = pd.read_parquet(crops / "cells.parquet")
assert list(facts["name"]) == list(cells["name"])

profile = pd.read_parquet(profiles)
profile["Metadata_Plate"], profile["Metadata_Well"] = "p", profile["Metadata_Class"]
wells = aggregate(profile)
features = [name for name in profile if name.startswith("Cells_")]
assert set(wells.columns) == {"Metadata_Plate", "Metadata_Well", *features}, wells.columns
median = profile.groupby("Metadata_Well")[features].median()
assert np.allclose(wells.set_index("Metadata_Well").loc[median.index, features], median)
normalize(profile, features="infer")

mapped = pd.read_csv(embedding / "cells.csv").set_index("name")
data = anndata.read_h5ad(embedding / "cells.h5ad")
assert (data.X == np.load(embedding / "features.npy")).all() and data.X.dtype == np.float32
assert list(data.obs_names) == list(mapped.index)
assert np.allclose(data.obsm["X_umap"], mapped[["umap_1", "umap_2"]])
assert list(data.obs["class"].astype(str)) == list(mapped["class"])
assert isinstance(data.obs["class"].dtype, pd.CategoricalDtype)
for name in data.obs:
    ours = mapped[name.replace("|", "/")]
    if ours.dtype.kind == "f" and not isinstance(data.obs[name].dtype, pd.CategoricalDtype):
        assert np.allclose(data.obs[name].astype(float), ours, equal_nan=True), name
centred = data.X - data.X.mean(axis=0)
_, values, axes = np.linalg.svd(centred, full_matrices=False)
k = min(5, data.obsm["X_pca"].shape[1])
assert np.allclose(np.abs(data.obsm["X_pca"][:, :k]), np.abs(centred @ axes[:k].T), atol=1e-3 * values[0])
assert data.uns["umap"]["params"]["n_neighbors"] == 15
data.write_h5ad(embedding / "again.h5ad")
(embedding / "again.h5ad").unlink()
print(f"tables: {len(cells)} cells, {len(features)} profile columns; anndata {data.shape}")
