"""Small models with the layers that import-model knows, as Keras writes them, with inputs and outputs.

Made with keras==3.15.1, tf_keras==2.21.0, tensorflow-cpu==2.21.0: `python make.py FOLDER k3`, `python make.py FOLDER k2`.
"""

import os, sys, json

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import numpy as np

out = sys.argv[1]


def build(K, L, tag):
    K.utils.set_random_seed(1)
    models = {}
    x = inp = L.Input((16, 16, 3))
    aug = K.Sequential([L.RandomFlip("horizontal"), L.RandomRotation(0.1)], name="aug")
    x = aug(x)
    x = L.Rescaling(1 / 127.5, offset=-1)(x)
    x = L.Conv2D(8, 3, padding="same", use_bias=False, name="first")(x)
    x = L.BatchNormalization()(x)
    x = L.Activation("swish")(x)
    x = L.MaxPooling2D()(x)
    inner_in = L.Input((8, 8, 8))
    y = L.Conv2D(8, 3, padding="same", activation="relu")(inner_in)
    y = L.BatchNormalization()(y)
    y = L.Dropout(0.3)(y)
    y = L.Add()([y, inner_in])
    y = L.ReLU()(y)
    inner = K.Model(inner_in, y, name="inner")
    x = inner(x)
    x = L.Conv2D(12, 3, strides=2, padding="same")(x)
    x = L.AveragePooling2D(2)(x)
    x = L.GlobalAveragePooling2D()(x)
    x = L.Dense(10, activation="gelu")(x)
    x = L.Dropout(0.5)(x)
    x = L.Dense(4)(x)
    x = L.Softmax()(x) if tag != "k2" else L.Activation("softmax")(x)
    models["functional"] = K.Model(inp, x)
    s = K.Sequential(
        [
            L.Input((16, 16, 3)),
            K.Sequential(
                [
                    L.Conv2D(6, 3, activation="relu"),
                    L.MaxPooling2D(),
                    L.Conv2D(5, 3, dilation_rate=2, padding="same"),
                ],
                name="stem",
            ),
            L.BatchNormalization(scale=False),
            L.Activation("relu"),
            L.DepthwiseConv2D(3, depth_multiplier=2),
            L.SeparableConv2D(7, 3, padding="same"),
            L.GlobalMaxPooling2D(),
            L.Dense(3, activation="softmax"),
        ]
    )
    models["sequential"] = s
    models["wide"] = K.Sequential(
        [
            L.Input((16, 16, 3)),
            L.Normalization(mean=[100.0, 120.0, 130.0], variance=[4000.0, 5000.0, 6000.0]),
            L.Conv2D(6, (3, 2), strides=2),
            L.ReLU(),
            L.MaxPooling2D(3, strides=2),
            L.Conv2D(6, 3, groups=2, activation="relu"),
            L.Conv2D(4, 1, activation="swish"),
            L.Dense(5, activation="gelu"),
            L.Flatten(),
            L.Dense(1, activation="sigmoid"),
        ]
    )
    rng = np.random.default_rng(1)
    for name, m in models.items():
        # move weights away from their start, statistics too
        for v in m.weights:
            if v.dtype not in ("float32",):
                continue
            n = v.numpy()
            if "variance" in v.name:
                v.assign(np.abs(n * (1 + rng.random(n.shape))) + 0.1)
            elif "count" in v.name:
                pass
            else:
                v.assign(n + 0.1 * rng.standard_normal(n.shape).astype("f4"))
        x = (rng.random((6,) + tuple(m.input_shape[1:])) * 255).astype("f4")
        yv = m.predict(x, verbose=0)
        np.savez_compressed(f"{out}/{tag}_{name}.npz", x=x, y=yv)
        m.save(f"{out}/{tag}_{name}.h5")
        if tag == "k3":
            m.save(f"{out}/{tag}_{name}.keras")
            m.save_weights(f"{out}/{tag}_{name}.weights.h5")
            open(f"{out}/{tag}_{name}.json", "w").write(m.to_json())
        print(tag, name, yv[0], m.count_params())


if sys.argv[2] == "k3":
    import keras as K

    build(K, K.layers, "k3")
else:
    import tf_keras as K

    build(K, K.layers, "k2")
