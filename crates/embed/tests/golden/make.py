"""python make.py  ->  reference.json: figures of scikit-learn on 400 points, which the test makes by the same formula.
Made with numpy 2.4.6, scikit-learn 1.9.1."""
import json
import numpy as np
import sklearn
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors


def points(n=400, d=5):
    """[n, d] float32: four clumps and some stragglers; whole numbers divided by powers of two, so exact."""
    i = np.arange(n * d, dtype=np.uint64)
    low = np.uint64(0xFFFFFFFF)
    h = (i * np.uint64(2654435761)) & low
    for _ in range(2):
        h = ((h ^ (h >> np.uint64(16))) * np.uint64(0x45D9F3B)) & low
    x = ((h >> np.uint64(8)).astype("f8") / 2**24 - 0.5).reshape(n, d)
    clump = np.arange(n) % 5
    centre = np.array([[0, 0, 0, 0, 0], [4, 0, 0, 0, 0], [0, 4, 4, 0, 0], [3, 3, 0, 4, 0], [0, 0, 0, 0, 0]], "f8")
    wide = np.where(clump == 4, 10.0, 1.0 + clump * 0.25)
    return (x * wide[:, None] + centre[clump]).astype("f4")


x = points()
map2 = x[:, :2]
out = {"versions": {"numpy": np.__version__, "sklearn": sklearn.__version__}}
out["trustworthiness"] = {str(k): trustworthiness(x, map2, n_neighbors=k) for k in (5, 15, 50)}
a = NearestNeighbors(n_neighbors=16).fit(x).kneighbors(x, return_distance=False)[:, 1:]
b = NearestNeighbors(n_neighbors=16).fit(map2).kneighbors(map2, return_distance=False)[:, 1:]
out["neighbours_kept"] = float(np.mean([len(set(p) & set(q)) / 15 for p, q in zip(a, b)]))
out["nearest"] = a[:20].tolist()
pca = PCA(3).fit(x.astype("f8"))
out["variances"] = pca.explained_variance_.tolist()
out["shares"] = pca.explained_variance_ratio_.tolist()
out["hdbscan"] = {f"{size},{samples}": HDBSCAN(min_cluster_size=size, min_samples=samples).fit_predict(x.astype("f8")).tolist()
                  for size, samples in ((15, 5), (30, 10), (5, 5))}
out["kmeans_inertia"] = KMeans(4, n_init=20, random_state=0).fit(x).inertia_
json.dump(out, open("reference.json", "w"))
