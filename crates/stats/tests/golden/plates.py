"""Makes plates.json and kcviab.json beside this script: python plates.py [folder of KcViab]

Python 3.11, numpy 2.4.6, scipy 1.17.1 (checked below). Written from the formulas of the sources that crate stats names, with nothing but numpy and
scipy: R's `mad` has the constant 1.4826, R's `medpolish` is written out as its documentation states it. KcViab is the screen of the cellHTS2
package (Boutros et al. 2006); the second argument is ../../../../../shared/data/screens/cellHTS2/inst/KcViab when none is given.
"""

import csv
import json
import re
import sys
from pathlib import Path

import numpy as np
import scipy
from scipy import optimize, stats

assert (np.__version__, scipy.__version__) == ("2.4.6", "1.17.1")
HERE = Path(__file__).parent
MAD = 1.4826


def mad(x):
    return MAD * np.median(np.abs(x - np.median(x)))


def medpolish(z, eps=1e-5, maxiter=200):
    z = z.copy()
    row, col, total, old = np.zeros(z.shape[0]), np.zeros(z.shape[1]), 0.0, 0.0
    for _ in range(maxiter):
        delta = np.nanmedian(z, axis=1)
        z -= delta[:, None]
        row += delta
        shift = np.nanmedian(col)
        col -= shift
        total += shift
        delta = np.nanmedian(z, axis=0)
        z -= delta[None, :]
        col += delta
        shift = np.nanmedian(row)
        row -= shift
        total += shift
        new = np.nansum(np.abs(z))
        if new == 0 or abs(new - old) < eps * new:
            break
        old = new
    return total, row, col, z


def optional(values):
    return [None if np.isnan(v) else float(v) for v in np.ravel(values)]


def quality(pos, neg):
    spread = lambda centre, scale: 1 - 3 * (scale(pos) + scale(neg)) / abs(centre(pos) - centre(neg))
    sd = lambda x: np.std(x, ddof=1)
    ssmd = lambda centre, scale: (centre(pos) - centre(neg)) / np.sqrt(scale(pos) ** 2 + scale(neg) ** 2)
    top = sd(pos) if pos.mean() > neg.mean() else sd(neg)
    return {
        "z_prime": spread(np.mean, sd),
        "robust_z_prime": spread(np.median, mad),
        "ssmd": ssmd(np.mean, sd),
        "robust_ssmd": ssmd(np.median, mad),
        "signal_window": (abs(pos.mean() - neg.mean()) - 3 * (sd(pos) + sd(neg))) / top,
    }


def position(values, samples, width):
    wells = [w for w in samples if not np.isnan(values[w])]
    row, col = np.array([w // width for w in wells]), np.array([w % width for w in wells])
    v = values[wells]
    ring = (row == row.min()) | (row == row.max()) | (col == col.min()) | (col == col.max())
    u = stats.mannwhitneyu(v[ring], v[~ring], method="asymptotic", use_continuity=False)
    r, c = stats.spearmanr(row, v), stats.spearmanr(col, v)
    return {
        "ring": [2 * u.statistic / (ring.sum() * (~ring).sum()) - 1, u.pvalue],
        "rows": [r.statistic, r.pvalue],
        "columns": [c.statistic, c.pvalue],
    }


def plate(rng, rows, width, decimals):
    n = rows * width
    values = rng.normal(100, 10, n) + 2.0 * (np.arange(n) % width) - 3.0 * (np.arange(n) // width)
    values = np.round(values, decimals)
    controls = rng.permutation(n)[: n // 8]
    negative, positive = sorted(controls[: len(controls) // 2]), sorted(controls[len(controls) // 2 :])
    values[positive] += 80
    values[rng.permutation(n)[:3]] = np.nan
    samples = [w for w in range(n) if w not in set(controls)]
    at = lambda wells: values[wells][~np.isnan(values[wells])]
    neg, pos, sam = at(negative), at(positive), at(samples)
    grid = np.full(n, np.nan)
    grid[samples] = values[samples]
    total, row, col, rest = medpolish(grid.reshape(rows, width))
    effect = total + row[:, None] + col[None, :]
    return {
        "n_columns": width,
        "values": optional(values),
        "samples": [int(w) for w in samples],
        "negative": [int(w) for w in negative],
        "positive": [int(w) for w in positive],
        "quality": quality(pos, neg),
        "position": position(values, samples, width),
        "normalised": {
            "percent_of_negative": optional(100 * values / neg.mean()),
            "percent_of_positive": optional(100 * values / pos.mean()),
            "percent_inhibition": optional(100 * (neg.mean() - values) / (neg.mean() - pos.mean())),
            "z_samples": optional((values - sam.mean()) / np.std(sam, ddof=1)),
            "robust_z_negative": optional((values - np.median(neg)) / mad(neg)),
            "ratio_samples": optional(values / np.median(sam)),
            "difference_samples": optional(values - np.median(sam)),
            "b_score": optional((values.reshape(rows, width) - effect) / mad(rest[~np.isnan(rest)])),
        },
    }


def dose(rng, bottom, top, log_ec50, hill, noise):
    x = np.repeat(10.0 ** np.arange(-3, 2.01, 0.5), 2)
    f = lambda lx, b, t, e, h: b + (t - b) / (1 + 10 ** (h * (e - lx)))
    y = f(np.log10(x), bottom, top, log_ec50, hill) + rng.normal(0, noise, len(x))
    p, cov = optimize.curve_fit(f, np.log10(x), y, p0=[bottom, top, log_ec50, hill], ftol=1e-14, xtol=1e-14, gtol=1e-14)
    errors, n = np.sqrt(np.diag(cov)), len(x)
    t = stats.t.ppf(0.975, n - 4)
    squares = np.sum((y - f(np.log10(x), *p)) ** 2)
    ratio = ((np.sum((y - y.mean()) ** 2) - squares) / 3) / (squares / (n - 4))
    return {
        "x": x.tolist(), "y": y.tolist(), "curve": p.tolist(),
        "low": (p - t * errors).tolist(), "high": (p + t * errors).tolist(),
        "p_flat": float(stats.f.sf(ratio, 3, n - 4)), "residual_sd": float(np.sqrt(squares / (n - 4))),
    }


def null(rng):
    """Variance of the bootstrap that draws a control well, then n of its cells, less what the cells add twice."""
    wells = [rng.normal(rng.normal(0, 1.0), 2.0, 40 + 10 * k) for k in range(24)]
    n, draws = 25, 400_000
    pick = rng.integers(0, len(wells), draws)
    drawn = np.empty(draws)
    for k, cells in enumerate(wells):
        here = np.flatnonzero(pick == k)
        drawn[here] = cells[rng.integers(0, len(cells), (len(here), n))].mean(axis=1)
    own = np.mean([w.var(ddof=1) / len(w) for w in wells])
    return {
        "mean": [w.mean() for w in wells], "sd": [w.std(ddof=1) for w in wells], "n": [len(w) for w in wells],
        "n_cells": n, "bootstrap_sd": float(drawn.std()), "own": float(own),
    }


def made():
    rng = np.random.default_rng(20261122)
    plates = [plate(rng, 8, 12, 6), plate(rng, 16, 24, 6), plate(rng, 16, 24, 0)]
    curves = [dose(rng, *case) for case in [(0, 1, -0.5, 1.0, 0.03), (5, -3, 0.2, 2.0, 0.2), (100, 20, -1.0, 0.7, 2.0)]]
    pairs = []
    for n in (4, 30, 200):
        x = np.round(rng.normal(size=n), 1)
        y = np.round(0.5 * x + rng.normal(size=n), 1)
        a, b = stats.pearsonr(x, y), stats.spearmanr(x, y)
        pairs.append({"x": x.tolist(), "y": y.tolist(), "pearson": [a.statistic, a.pvalue], "spearman": [b.statistic, b.pvalue]})
    p, signs = rng.random(12) ** 3, rng.choice([-1.0, 1.0], 12)
    one_sided = np.where(signs > 0, p / 2, 1 - p / 2)
    up = stats.combine_pvalues(one_sided, method="stouffer").pvalue
    return {
        "plates": plates, "doses": curves, "pairs": pairs, "null": null(rng),
        "combine": {"p": p.tolist(), "signs": signs.tolist(), "combined": float(2 * min(up, 1 - up)),
                    "false_discovery": stats.false_discovery_control(p).tolist()},
    }


def kcviab(folder):
    """Median-normalised log-free values, robust z by replicate over the screen, mean and closest-to-zero of both replicates; Z' of controls."""
    assays = list(csv.DictReader(open(folder / "Platelist.txt"), delimiter="\t"))
    rules = [r.split("\t") for r in (folder / "Plateconf.txt").read_text().splitlines()[3:] if r]
    log = {(r["Plate"], r["Sample"], r["Well"]) for r in csv.DictReader(open(folder / "Screenlog.txt"), delimiter="\t")}
    wells = [f"{r}{c:02d}" for r in "ABCDEFGHIJKLMNOP" for c in range(1, 25)]
    full = lambda pattern, text: pattern == "*" or re.fullmatch(pattern, text)
    roles = [[p for a, w, p in (rule[:3] for rule in rules) if full(w, well)][-1] for well in wells]
    sample = np.array([r == "sample" for r in roles])
    raw = {}
    for a in assays:
        values = {}
        for line in (folder / a["Filename"]).read_text().splitlines():
            _, well, value = line.split("\t")[:3]
            values[well] = float(value)
        x = np.array([np.nan if (a["Plate"], a["Replicate"], w) in log else values[w] for w in wells])
        raw[int(a["Plate"]), int(a["Replicate"])] = x
    out = {"plates": []}
    norm = {}
    for (plate_number, replicate), x in sorted(raw.items()):
        median = np.nanmedian(x[sample])
        norm[plate_number, replicate] = x / median
        neg, pos = x[wells.index("B01")], x[wells.index("B02")]
        grid = np.where(sample, x, np.nan)
        total, row, col, rest = medpolish(grid.reshape(16, 24))
        effect = total + row[:, None] + col[None, :]
        b = (x.reshape(16, 24) - effect).ravel() / mad(rest[~np.isnan(rest)])
        s = x[sample & ~np.isnan(x)]
        checked = list(range(plate_number % 7, 384, 29))
        at = lambda v: [None if np.isnan(v[i]) else float(v[i]) for i in checked]
        out["plates"].append({
            "plate": plate_number, "replicate": replicate, "median": float(median), "checked": checked,
            "ratio": at(x / median), "percent_inhibition": at(100 * (neg - x) / (neg - pos)),
            "percent_of_positive": at(100 * x / pos), "z": at((x - s.mean()) / np.std(s, ddof=1)),
            "robust_z": at((x - np.median(s)) / mad(s)), "b_score": at(b),
        })
    out["robust_z_prime"], scores = {}, {}
    for replicate in (1, 2):
        plates = [p for p, r in sorted(norm) if r == replicate]
        control = lambda well: np.array([norm[p, replicate][wells.index(well)] for p in plates])
        out["robust_z_prime"][str(replicate)] = float(quality(control("B02"), control("B01"))["robust_z_prime"])
        all_samples = np.concatenate([norm[p, replicate][sample] for p in plates])
        all_samples = all_samples[~np.isnan(all_samples)]
        out.setdefault("screen", {})[str(replicate)] = [float(np.median(all_samples)), float(mad(all_samples))]
        scores[replicate] = {p: -(norm[p, replicate] - np.median(all_samples)) / mad(all_samples) for p in plates}
    both = lambda f: [[float(v) for v in f(scores[1][p][[50, 100, 200, 300]], scores[2][p][[50, 100, 200, 300]])] for p in range(1, 58)]
    out["summary_mean"] = both(lambda a, b: (a + b) / 2)
    out["summary_closest"] = both(lambda a, b: np.where(np.abs(a) <= np.abs(b), a, b))
    out["summary_rms"] = both(lambda a, b: np.sqrt((a * a + b * b) / 2))
    return out


if __name__ == "__main__":
    screens = HERE / "../../../../../shared/data/screens/cellHTS2/inst/KcViab"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else screens
    (HERE / "plates.json").write_text(json.dumps(made()) + "\n")
    (HERE / "kcviab.json").write_text(json.dumps(kcviab(folder)) + "\n")
