"""A model inside a model whose layers have slashes in their names, as those of DenseNet.

Made with tensorflow-cpu==2.6.5, keras==2.6.0: `python slashes.py FOLDER`.
"""

import os
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import numpy as np
from tensorflow import keras as K

(out,) = sys.argv[1:]
L = K.layers


def slashes():
    x = inp = L.Input((9, 8, 3))
    x = L.Conv2D(4, 3, use_bias=False, name="conv1/conv")(x)
    x = L.BatchNormalization(name="conv1/bn")(x)
    x = L.Conv2D(4, 3, name="conv2")(L.ReLU(name="conv1/relu")(x))
    base = K.Model(inp, x, name="base")
    return K.Sequential([base, L.GlobalAveragePooling2D(), L.Dense(3, activation="softmax")])


random = np.random.default_rng(3)
model = slashes()
model.set_weights([w + 0.3 * np.abs(random.standard_normal(w.shape)) for w in model.get_weights()])
x = (2 * random.standard_normal((6, 9, 8, 3))).astype("f4")
y = model.predict(x, verbose=0)
model.save(f"{out}/k26_slashes.h5")
np.savez_compressed(f"{out}/k26_slashes.npz", x=x, y=y.astype("f4"))
print(y[:2], [w.name for w in model.weights])
