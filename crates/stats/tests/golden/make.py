"""Makes the reference figures beside this script: python make.py

Python 3.11, numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1 (checked below). Every figure is computed by
scikit-learn or scipy except two that they do not have: the expected calibration error (its bins are held against
`calibration_curve`) and accuracy against coverage.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.optimize import brentq
from scipy.special import softmax
from scipy.stats import binomtest
from sklearn import metrics
from sklearn.calibration import calibration_curve

assert (np.__version__, scipy.__version__, sklearn.__version__) == ("2.4.6", "1.17.1", "1.9.1")
warnings.simplefilter("ignore")  # undefined figures are what this is about

HERE = Path(__file__).parent
N_BINS = 15


def problem(rng, n, k, skill, sharpness=1.0):
    """Classes, and probabilities that know them to a degree."""
    truth = rng.integers(0, k, n)
    logits = rng.normal(size=(n, k))
    logits[np.arange(n), truth] += skill
    return truth, softmax(sharpness * logits, axis=1)


def one_hot(classes, k):
    return np.eye(k)[classes]


def cases():
    rng = np.random.default_rng(20261122)
    for k in (2, 3, 8):
        for i, (n, skill) in enumerate([(60, 0.0), (120, 1.5), (25, 3.0)]):
            yield f"random_k{k}_{i}", *problem(rng, n, k, skill)

    truth, p = problem(rng, 80, 4, 2.0)
    truth = np.where(truth == 2, 1, truth)
    yield "class_absent_from_truth", truth, p

    truth, p = problem(rng, 80, 4, 2.0)
    p[:, 3] *= 0.01
    p /= p.sum(axis=1, keepdims=True)
    assert not (p.argmax(axis=1) == 3).any()
    yield "class_absent_from_prediction", truth, p

    truth, p = problem(rng, 60, 3, 2.0)
    yield "class_absent_from_both", truth, np.hstack([p, np.zeros((60, 1))])

    truth, p = problem(rng, 100, 3, 1.0)
    quarters = np.floor(4 * p) / 4
    quarters[:, 0] += 1 - quarters.sum(axis=1)
    yield "ties", truth, quarters
    yield "all_tied", truth[:30], np.full((30, 3), 1 / 3)

    _, p = problem(rng, 40, 3, 1.0)
    yield "one_class_in_truth", np.full(40, 1), p
    yield "one_class_in_both", np.full(12, 1), np.tile([0.2, 0.5, 0.3], (12, 1))
    yield "one_class_predicted", np.arange(12) % 3, np.tile([0.2, 0.5, 0.3], (12, 1))

    truth = np.arange(30) % 3
    yield "perfect", truth, one_hot(truth, 3)
    yield "worst", truth, one_hot((truth + 1) % 3, 3)
    yield "worst_of_two", np.arange(20) % 2, one_hot((np.arange(20) + 1) % 2, 2)
    yield "one_cell", np.array([0]), np.array([[0.3, 0.7]])

    # Confidences on the very edges of the bins.
    edges = np.linspace(0, 1, N_BINS + 1)[8:]
    yield "bin_edges", np.arange(len(edges)) % 2, np.stack([edges, 1 - edges], axis=1)


def reliability(confidence, correct):
    bins = np.searchsorted(np.linspace(0, 1, N_BINS + 1)[1:-1], confidence)
    n = np.bincount(bins, minlength=N_BINS)
    present = n > 0
    accuracy = np.bincount(bins, correct, N_BINS)[present] / n[present]
    claimed = np.bincount(bins, confidence, N_BINS)[present] / n[present]
    by_sklearn = calibration_curve(correct, confidence, n_bins=N_BINS, pos_label=1)
    np.testing.assert_allclose(by_sklearn, (accuracy, claimed), rtol=1e-12)
    filled = iter(zip(claimed.tolist(), accuracy.tolist()))
    bins = [[int(m), *(next(filled) if m else (None, None))] for m in n]
    return bins, float((n[present] / n.sum() * np.abs(accuracy - claimed)).sum())


def coverage(confidence, correct):
    thresholds = np.unique(confidence)[::-1]
    kept = [confidence >= t for t in thresholds]
    return {
        "threshold": thresholds.tolist(),
        "coverage": [float(k.mean()) for k in kept],
        "accuracy": [float(correct[k].mean()) for k in kept],
    }


def roc(positive, scores):
    if positive.all() or not positive.any():
        return None
    fpr, tpr, thresholds = metrics.roc_curve(positive, scores, drop_intermediate=False)
    assert np.isinf(thresholds[0])
    return {
        "fpr": fpr.tolist(),
        "tpr": tpr.tolist(),
        "finite_thresholds": thresholds[1:].tolist(),
        "auc": float(metrics.roc_auc_score(positive, scores)),
    }


def precision_recall(positive, scores):
    if not positive.any():
        return None
    precision, recall, thresholds = metrics.precision_recall_curve(positive, scores, drop_intermediate=False)
    return {
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "thresholds": thresholds.tolist(),
        "average_precision": float(metrics.average_precision_score(positive, scores)),
    }


def figures(truth, p):
    k = p.shape[1]
    labels = list(range(k))
    predicted = p.argmax(axis=1)
    kappa = float(metrics.cohen_kappa_score(truth, predicted, labels=labels))
    varied = len(set(truth)) > 1 and len(set(predicted)) > 1
    prfs = metrics.precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0)
    bins, ece = reliability(p.max(axis=1), truth == predicted)
    return {
        "predicted": predicted.tolist(),
        "confusion": metrics.confusion_matrix(truth, predicted, labels=labels).tolist(),
        "row_normalised": metrics.confusion_matrix(truth, predicted, labels=labels, normalize="true").tolist(),
        "accuracy": float(metrics.accuracy_score(truth, predicted)),
        "balanced_accuracy": float(metrics.balanced_accuracy_score(truth, predicted)),
        "macro_f1": float(metrics.f1_score(truth, predicted, average="macro")),
        "kappa": None if np.isnan(kappa) else kappa,
        "mcc": float(metrics.matthews_corrcoef(truth, predicted)) if varied else None,
        "log_loss": float(metrics.log_loss(truth, p, labels=labels)),
        "brier": float(metrics.brier_score_loss(truth, p, labels=labels)),
        "ece": ece,
        "bins": bins,
        "coverage": coverage(p.max(axis=1), truth == predicted),
        "per_class": [
            {
                "precision": float(prfs[0][c]),
                "recall": float(prfs[1][c]),
                "f1": float(prfs[2][c]),
                "support": int(prfs[3][c]),
                "roc": roc(truth == c, p[:, c]),
                "precision_recall": precision_recall(truth == c, p[:, c]),
            }
            for c in labels
        ],
    }


def temperatures():
    rng = np.random.default_rng(7)
    for n, k, skill, sharpness in [(80, 2, 1.0, 4.0), (150, 5, 2.0, 0.3), (60, 3, 0.5, 9.0), (200, 8, 2.0, 1.0)]:
        truth = rng.integers(0, k, n)
        logits = rng.normal(size=(n, k))
        logits[np.arange(n), truth] += skill
        logits = np.float64(np.float32(sharpness * logits))

        def slope(log_beta):
            expected = (softmax(np.exp(log_beta) * logits, axis=1) * logits).sum(axis=1)
            return (expected - logits[np.arange(n), truth]).sum()

        log_beta = brentq(slope, np.log(0.01), np.log(100), xtol=1e-15, rtol=1e-15)
        yield {
            "truth": truth.tolist(),
            "logits": logits.ravel().tolist(),
            "temperature": float(np.exp(-log_beta)),
            "log_loss": float(metrics.log_loss(truth, softmax(np.exp(log_beta) * logits, axis=1), labels=range(k))),
        }


def wilson(successes, n):
    interval = binomtest(successes, n).proportion_ci(0.95, method="wilson")
    return {"successes": successes, "n": n, "low": float(interval.low), "high": float(interval.high)}


def write(name, value):
    (HERE / f"{name}.json").write_text(json.dumps(value, allow_nan=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    for name, truth, p in cases():
        problem_and_figures = {"truth": truth.tolist(), "probabilities": p.tolist(), **figures(truth, p)}
        write(f"predictions_{name}", problem_and_figures)
    write("temperature", list(temperatures()))
    write("wilson", [wilson(s, n) for s, n in [(0, 1), (1, 1), (0, 20), (9, 10), (37, 80), (1, 5000), (4999, 5000)]])
