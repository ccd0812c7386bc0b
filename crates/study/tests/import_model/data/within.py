"""Small models with norms within a sample, learned slopes, a softmax in the middle, sigmoids, two outputs, and images that
operations prepare, as files by others have them.

Made with keras==3.15.1, tensorflow-cpu==2.21.0: `python within.py FOLDER k3`; and with tensorflow-cpu==2.6.5,
keras==2.6.0, whose operations are another kind of layer: `python within.py FOLDER k26`.
"""

import os
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import numpy as np
from tensorflow import keras as K

out, tag = sys.argv[1:]
L = K.layers


def within():
    x = inp = L.Input((9, 8, 3))
    x = L.Conv2D(6, 3)(x)
    x = L.LayerNormalization(epsilon=1e-6, center=False)(x)
    x = L.PReLU()(x)
    x = L.Conv2D(6, 3, padding="same")(x)
    if tag == "k3":
        x = L.GroupNormalization(3)(x)
    x = L.PReLU(shared_axes=[1, 2])(x)
    x = L.Softmax()(x)
    x = L.Flatten()(x)
    x = L.Dense(7)(x)
    x = L.LayerNormalization()(x)
    x = L.PReLU()(x)
    x = L.Dense(4, activation="softmax")(x)
    return K.Model(inp, L.Dense(3, activation="softmax")(x))


def sigmoids():
    return K.Sequential([L.Conv2D(4, 3, input_shape=(9, 8, 3)), L.Flatten(), L.Dense(3, activation="sigmoid")])


def prepared():
    x = inp = L.Input((9, 8, 3))
    x = K.applications.resnet50.preprocess_input(x)
    x = 3.0 * x
    x = K.applications.densenet.preprocess_input(x)
    x = L.Conv2D(4, 3, activation="relu")(x)
    return K.Model(inp, L.Dense(3, activation="softmax")(L.GlobalAveragePooling2D()(x)))


def heads():
    inp = L.Input((9, 8, 3))
    x = L.GlobalAveragePooling2D()(L.Conv2D(4, 3, activation="relu")(inp))
    other = L.Dense(1, activation="sigmoid", name="sick")(x)
    return K.Model(inp, [other, L.Dense(3, activation="softmax", name="kind")(x)])


K.utils.set_random_seed(2) if tag == "k3" else K.backend.clear_session()
random = np.random.default_rng(2)
for make in (within, sigmoids, prepared, heads):
    model = make()
    model.set_weights([w + 0.3 * random.standard_normal(w.shape) for w in model.get_weights()])
    x = (2 * random.standard_normal((6, 9, 8, 3))).astype("f4")
    x = (40 * x + 100).astype("f4") if make is prepared else x
    y = model.predict(x, verbose=0)
    y = y[-1] if make is heads else y
    y = y / y.sum(1, keepdims=True) if make is sigmoids else y
    name = f"{out}/{tag}_{make.__name__}"
    np.savez_compressed(f"{name}.npz", x=x, y=y.astype("f4"))
    model.save(f"{name}.h5")
    if tag == "k3":
        model.save(f"{name}.keras")
    print(name, y[:2])
