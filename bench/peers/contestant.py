"""The half of a contest that every peer shares.

A peer reads lines `ROW SECONDS` and answers each with `{"what": ROW, "per_s": …}`: images per second over at least so
many seconds, after a warm-up when a row is asked for the first time. `cargo xtask bench` asks ours and the peers in
turn, so that all of them meet the same machine. THREADS is the number of threads to use.
"""
import json
import os
import sys
import time

THREADS = int(os.environ["THREADS"])
# Before a framework is imported, which reads them once.
for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ[variable] = str(THREADS)

FILTERS = [8, 16, 32, 64, 128]

# (batch size, batches, classes) of the training of each network; images in a call of inference.
TRAINING = {"encoder": (64, 40, 5), "phase": (128, 10, 2)}
CALL = 256


def compete(prepare):
    """Answers until the input ends. `prepare(network, direction, precision)` returns a function that does some work
    and returns the number of images."""
    # Frameworks print on standard output, which is for answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    runs = {}
    for line in sys.stdin:
        what, seconds = line.split()
        if what not in runs:
            runs[what] = prepare(*what.split("-"))
            for _ in range(2):
                runs[what]()
        print(json.dumps({"what": what, "per_s": rate(runs[what], float(seconds))}), file=answers, flush=True)


def rate(run, seconds):
    start, images, elapsed = time.perf_counter(), 0, 0.0
    while elapsed < seconds:
        images += run()
        elapsed = time.perf_counter() - start
    return images / elapsed
