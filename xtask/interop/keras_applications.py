"""Networks that come with Keras, with random weights, give the probabilities here that they give in Keras.

python keras_applications.py make FOLDER NAME=DIVISOR …    writes NAME.keras, NAME.npz (images), NAME.npy (probabilities)
python keras_applications.py compare FOLDER NAME …         NAME.csv is what `morphotype predict` wrote for the images

Needs keras==3.15.1 with a backend, numpy, pandas. Expected is what Keras says in double precision. Tolerance: 1e-5, or
three times what Keras' own single precision is away from it: deep networks with random weights make much of rounding.
"""

import os
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import numpy as np
import pandas

action, folder, *names = sys.argv[1:]
CLASSES = 5


def network(keras, name, x):
    """Random weights, with norms that have the statistics of `x`: otherwise little of an image gets through."""
    model = getattr(keras.applications, name)(weights=None, input_shape=x.shape[1:], classes=CLASSES)
    random = np.random.default_rng(5)
    for variable in model.weights:
        if variable.shape.rank == 1 and "variance" not in variable.name:
            variable.assign(variable + 0.1 * random.standard_normal(variable.shape))
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for norm in norms:
        norm.momentum = 0.0
    model(x, training=True)
    for norm in norms:
        norm.momentum = 0.99
    return model


def make():
    import keras

    keras.utils.set_random_seed(4)
    images = np.random.default_rng(4).integers(0, 256, (10, 6, 6, 3)).repeat(16, 1).repeat(16, 2).astype("uint8")
    for entry in names:
        name, divisor = entry.split("=")
        x, file = images.astype("float32") / float(divisor), f"{folder}/{name}.keras"
        network(keras, name, x).save(file)
        # Some layers take their weights over only when they are loaded.
        model = keras.models.load_model(file, compile=False)
        logits = np.log(model.predict(x, verbose=0))
        last = [layer for layer in model.layers if layer.weights][-1]
        last.kernel.assign(last.kernel / (logits - logits.mean(1, keepdims=True)).std())
        single = model.predict(x, verbose=0)
        keras.config.set_dtype_policy("float64")
        exact = getattr(keras.applications, name)(weights=None, input_shape=x.shape[1:], classes=CLASSES)
        exact.set_weights(model.get_weights())
        for layer in exact.layers:
            if isinstance(layer, keras.layers.Normalization):
                layer.finalize_state()
        np.save(f"{folder}/{name}.npy", [exact.predict(x.astype("float64"), verbose=0), single])
        keras.config.set_dtype_policy("float32")
        np.savez(f"{folder}/{name}.npz", images=images, labels=["cell"] * len(images))
        model.save(file)


def compare():
    failed = []
    for name in names:
        exact, single = np.load(f"{folder}/{name}.npy")
        found = pandas.read_csv(f"{folder}/{name}.csv")[[f"p_{k}" for k in range(CLASSES)]].to_numpy()
        worst, own, spread = np.abs(found - exact).max(), np.abs(single - exact).max(), exact.std(0).max()
        print(f"{name}: {worst:.1e} apart, Keras itself {own:.1e}; probabilities differ by {spread:.1e} among images")
        failed += [name] if not (worst <= max(1e-5, 3 * own) and spread > 1e-2) else []
    sys.exit(f"expected the same probabilities, of images that differ: {failed}" if failed else 0)


make() if action == "make" else compare()
