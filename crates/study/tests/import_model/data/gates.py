"""Small models with gates (squeeze-and-excite, by channel and by place), merges, pools that are not square, and crops.

Made with keras==3.15.1, tf_keras==2.21.0, tensorflow-cpu==2.21.0: `python gates.py FOLDER k3`, `python gates.py FOLDER k2`.
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


def excite():
    """Each way in which people write squeeze-and-excite, with the activations of mobile networks."""
    x = inp = L.Input((12, 10, 3))
    x = L.Rescaling(1 / 2.0, offset=0.1)(x)
    x = L.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0])(x)
    x = L.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
    x = L.BatchNormalization()(x)
    x = L.Activation("hard_silu" if tag == "k3" else "swish")(x)
    # By features, reshaped.
    s = L.GlobalAveragePooling2D()(x)
    s = L.Reshape((1, 1, 8))(s)
    s = L.Conv2D(2, 1, activation="swish")(s)
    s = L.Conv2D(8, 1, activation="sigmoid")(s)
    x = L.Multiply()([x, s])
    # Dense layers, reshaped at the end; a norm between.
    x = L.DepthwiseConv2D(5, padding="same", depth_multiplier=2)(x)
    s = L.GlobalMaxPooling2D()(x)
    s = L.Dense(4, activation="relu", use_bias=False)(s)
    s = L.BatchNormalization()(s)
    s = L.Dropout(0.1)(s)
    s = L.Dense(16, activation="hard_sigmoid")(s)
    s = L.Reshape((1, 1, -1))(s)
    x = L.Multiply()([s, x])
    # Never an image: Keras repeats the features.
    s = L.GlobalAveragePooling2D()(x)
    g = L.Dense(16, activation="tanh")(s)
    x = L.Multiply()([x, g])
    # As in MobileNetV3.
    s = L.GlobalAveragePooling2D(keepdims=True)(x)
    s = L.Conv2D(4, 1)(s)
    s = L.ReLU()(s)
    s = L.Conv2D(16, 1)(s)
    s = L.ReLU(6.0)(s + 3.0) * (1.0 / 6.0)
    x = L.Multiply()([x, s])
    x = L.Dropout(0.2, noise_shape=(None, 1, 1, 1))(x)
    x = L.GlobalAveragePooling2D()(x)
    x = L.Concatenate()([x, g])
    x = L.Dense(6, activation="selu")(x)
    return K.Model(inp, L.Dense(4, activation="softmax")(x))


def shapes():
    """Windows and borders of other shapes."""
    x = inp = L.Input((19, 14, 1))
    x = L.ZeroPadding2D(((2, 0), (0, 1)))(x)
    x = L.Conv2D(5, (3, 5), activation="relu")(x)
    x = L.MaxPooling2D((2, 1))(x)
    x = L.Cropping2D(((1, 0), (0, 2)))(x)
    x = L.AveragePooling2D((1, 3), strides=(1, 2), padding="same")(x)
    x = L.Conv2D(6, 3, padding="same")(x)
    x = L.ReLU(max_value=1.5, negative_slope=0.1)(x)
    x = L.MaxPooling2D((3, 2), strides=(2, 3), padding="same")(x)
    x = L.Cropping2D(0)(x)
    x = L.GaussianNoise(0.1)(x)
    x = L.SpatialDropout2D(0.1)(x)
    x = L.ActivityRegularization(l2=0.01)(x)
    x = L.AveragePooling2D((2, 1))(x)
    x = L.GlobalMaxPooling2D()(x)
    return K.Model(inp, L.Dense(1, activation="sigmoid")(x))


def merges():
    """Two or more of one shape made one, and operators."""
    x = inp = L.Input((9, 9, 3))
    x = L.Conv2D(6, 3)(x)
    a = L.Conv2D(6, 3, padding="same", activation="tanh")(x)
    b = L.Conv2D(6, 1)(x)
    x = L.Concatenate()(
        [
            L.Average()([a, b, x]),
            L.Maximum()([a, b, x]),
            L.Minimum()([a, b]),
            L.Subtract()([a, b]),
            L.Multiply()([a, b, x]),
            1.5 - a,
            a / 4.0 + 2.0,
            a * b - x,
        ]
    )
    # By channel, then by place, as attention in convolutional blocks.
    m = L.Conv2D(4, 1, activation="relu")(x)
    place = L.Conv2D(1, 3, padding="same", activation="sigmoid")(m)
    x = L.Multiply()([m, place])
    x = L.Add()([x, L.GlobalAveragePooling2D(keepdims=True)(x)])
    x = L.Conv2D(4, 1, activation="mish")(x)
    x = L.Conv2D(4, 1, activation="softsign")(x)
    x = L.Conv2D(4, 1, activation="exponential")(x)
    x = L.Activation("hard_tanh" if tag == "k3" else "softplus")(x)
    x = L.BatchNormalization(scale=False, center=False)(x)
    x = L.Flatten()(x)
    y = L.Dense(5, activation="elu")(x)
    z = L.Dense(5)(x)
    x = L.Maximum()([y, z])
    x = L.Multiply()([x, L.Dense(1)(y)])
    return K.Model(inp, L.Dense(3, activation="softmax")(x))


K.utils.set_random_seed(3)
random = np.random.default_rng(3)
for make in (excite, shapes, merges):
    model = make()
    for variable in model.weights:
        n = variable.numpy()
        if n.dtype == "float32" and "variance" in variable.name:
            variable.assign(np.abs(n * (1 + random.random(n.shape))) + 0.1)
        elif n.dtype == "float32":
            variable.assign(n + 0.1 * random.standard_normal(n.shape).astype("f4"))
    x = random.standard_normal((6,) + tuple(model.input_shape[1:])).astype("f4")
    y = model.predict(x, verbose=0)
    name = f"{out}/{tag}_{make.__name__}"
    np.savez_compressed(f"{name}.npz", x=x, y=y)
    model.save(f"{name}.h5")
    if tag == "k3":
        model.save(f"{name}.keras")
        model.save_weights(f"{name}.weights.h5")
        open(f"{name}.json", "w").write(model.to_json())
    print(name, y[0])
