"""Small models in the ways of LeNet, Inception and ResNet, and MobileNet, with the layers that files by others have.

Made with keras==3.15.1, tf_keras==2.21.0, tensorflow-cpu==2.21.0: `python others.py FOLDER k3`, `python others.py FOLDER k2`.
"""

import os
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import numpy as np

out, tag = sys.argv[1:]
if tag == "k3":
    import keras as K
else:
    import tf_keras as K
L = K.layers
SLOPE = "negative_slope" if tag == "k3" else "alpha"


def lenet():
    return K.Sequential(
        [
            L.Input((17, 15, 1)),
            L.Conv2D(6, 5, activation="tanh", padding="same"),
            L.AveragePooling2D(2),
            L.Conv2D(8, 5, activation="sigmoid"),
            L.AveragePooling2D(2, strides=1, padding="same"),
            L.Flatten(),
            L.Dense(12, activation="tanh"),
            L.Dense(9, activation="selu"),
            L.Dense(3, activation="softmax"),
        ]
    )


def branches():
    x = inp = L.Input((15, 14, 3))
    x = L.ZeroPadding2D(((1, 2), (3, 0)))(x)
    x = L.Conv2D(6, 5, strides=2)(x)
    x = L.BatchNormalization(scale=False, center=False)(x)
    x = L.LeakyReLU(**{SLOPE: 0.1})(x)
    x = L.ZeroPadding2D(1)(x)
    x = L.MaxPooling2D(3, strides=2)(x)
    a = L.Conv2D(4, 1, activation="elu")(x)
    b = L.Conv2D(5, 3, padding="same")(x)
    b = L.PReLU(shared_axes=[1, 2])(b)
    c = L.AveragePooling2D(3, strides=1, padding="same")(x)
    d = L.MaxPooling2D(3, strides=1, padding="same")(x)
    x = L.Concatenate()([a, b, c, d])
    x = L.MaxPooling2D(2, padding="same")(x)
    x = L.Permute((1, 2, 3))(x)
    x = L.Conv2D(6, 3, padding="same", activation="leaky_relu" if tag == "k3" else "relu")(x)
    f = L.Flatten()(x)
    g = L.GlobalAveragePooling2D()(x)
    x = L.Concatenate(axis=1)([f, g])
    x = L.Dense(8)(x)
    x = L.ELU(0.5)(x)
    x = L.Dense(4, activation="softmax")(x)
    return K.Model(inp, x)


def mobile():
    x = inp = L.Input((20, 20, 3))
    x = L.Resizing(20, 20)(x)
    x = L.ZeroPadding2D(((0, 1), (0, 1)))(x)
    x = L.Conv2D(8, 3, strides=2, use_bias=False)(x)
    x = L.BatchNormalization(epsilon=1e-3, momentum=0.999)(x)
    x = first = L.ReLU(6.0)(x)
    x = L.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = L.BatchNormalization(center=False)(x)
    x = L.ReLU(max_value=6)(x)
    x = L.Conv2D(8, 1, use_bias=False)(x)
    x = L.Add()([first, x])
    x = L.ReLU(negative_slope=0.2)(x)
    x = L.GlobalAveragePooling2D()(x)
    x = L.Reshape((1, 1, 8))(x)
    x = L.Dropout(0.1)(x)
    x = L.Conv2D(5, 1)(x)
    x = L.Reshape((5,))(x)
    return K.Model(inp, L.Activation("softmax")(x))


K.utils.set_random_seed(2)
random = np.random.default_rng(2)
for make in (lenet, branches, mobile):
    model = make()
    for variable in model.weights:
        n = variable.numpy()
        if n.dtype == "float32" and "variance" in variable.name:
            variable.assign(np.abs(n * (1 + random.random(n.shape))) + 0.1)
        elif n.dtype == "float32":
            variable.assign(n + 0.1 * random.standard_normal(n.shape).astype("f4"))
    x = (2 * random.standard_normal((6,) + tuple(model.input_shape[1:]))).astype("f4")
    y = model.predict(x, verbose=0)
    name = f"{out}/{tag}_{make.__name__}"
    np.savez_compressed(f"{name}.npz", x=x, y=y)
    model.save(f"{name}.h5")
    if tag == "k3":
        model.save(f"{name}.keras")
        model.save_weights(f"{name}.weights.h5")
        open(f"{name}.json", "w").write(model.to_json())
    print(name, y[0])
