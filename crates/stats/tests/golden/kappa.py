"""Makes kappa.json beside this script: python kappa.py

Python 3.11, numpy 2.4.6, scikit-learn 1.9.1 (checked below): `cohen_kappa_score` of two labellers.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics import cohen_kappa_score

assert (np.__version__, sklearn.__version__) == ("2.4.6", "1.9.1")
warnings.simplefilter("ignore")  # undefined figures are what this is about


def case(name, a, b, k):
    kappa = cohen_kappa_score(a, b, labels=list(range(k)))
    kappa = None if np.isnan(kappa) else float(kappa)
    return {"name": name, "a": [int(v) for v in a], "b": [int(v) for v in b], "k": k, "kappa": kappa}


def cases():
    rng = np.random.default_rng(20261122)
    for k in (2, 3, 5):
        for noise in (0.1, 0.5, 1.0):
            a = rng.integers(0, k, 40)
            b = np.where(rng.random(40) < noise, rng.integers(0, k, 40), a)
            yield case(f"k{k}_noise{noise}", a, b, k)
    a = rng.integers(0, 3, 30)
    yield case("always", a, a, 3)
    yield case("never", a, (a + 1) % 3, 3)
    yield case("one_class_of_one_labeller", a, np.zeros(30, int), 3)
    yield case("one_class_of_both", np.ones(30, int), np.ones(30, int), 3)
    yield case("two_single_classes", np.ones(30, int), np.zeros(30, int), 3)
    yield case("one_cell", [2], [1], 3)


if __name__ == "__main__":
    with open(Path(__file__).parent / "kappa.json", "w") as file:
        json.dump(list(cases()), file, indent=0)
        file.write("\n")
