"""A model with the blocks of the published annotation workflow, written from their description (see `blocks.rs`).

Made with keras==3.15.1, tf_keras==2.21.0, tensorflow-cpu==2.21.0: `python blocks.py FOLDER k3`, `python blocks.py FOLDER k2`.
"""

import os, sys

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import numpy as np

folder, which = sys.argv[1:]
if which == "k2":
    import tf_keras as K
else:
    import keras as K
L = K.layers


class ConvBlock2D(L.Layer):
    def __init__(self, filters=32, kernel_size=3, padding="same", strides=1, activation="swish", **k):
        super().__init__(**k)
        self.conv = L.Conv2D(filters, kernel_size, strides=strides, padding=padding, use_bias=False)
        self.norm = L.BatchNormalization()
        self.activation = L.Activation(activation)
        self._c = dict(
            filters=filters, kernel_size=kernel_size, padding=padding, strides=strides, activation=activation
        )

    def call(self, x, training=None):
        return self.activation(self.norm(self.conv(x), training=training))

    def get_config(self):
        return {**super().get_config(), **self._c}


class ResidualBlock2D(L.Layer):
    def __init__(
        self,
        filters=32,
        kernel_size=3,
        padding="same",
        strides=1,
        activation="swish",
        identity_skip=False,
        **k,
    ):
        super().__init__(**k)
        c = lambda s, ks: L.Conv2D(filters, ks, strides=s, padding=padding, use_bias=False)
        self.conv_1 = c(strides, kernel_size)
        self.conv_2 = c(1, kernel_size)
        self.conv_identity = c(strides, 1)
        self.norm_1 = L.BatchNormalization()
        self.norm_2 = L.BatchNormalization()
        self.norm_identity = L.BatchNormalization()
        self.activation_1 = L.Activation(activation)
        self.activation_2 = L.Activation(activation)
        self.identity_skip = identity_skip or strides != 1
        self._c = dict(
            filters=filters,
            kernel_size=kernel_size,
            padding=padding,
            strides=strides,
            activation=activation,
            identity_skip=identity_skip,
        )

    def call(self, x, training=None):
        s = x
        v = self.activation_1(self.norm_1(self.conv_1(x), training=training))
        v = self.norm_2(self.conv_2(v), training=training)
        if self.identity_skip or s.shape[-1] != v.shape[-1]:
            s = self.norm_identity(self.conv_identity(s), training=training)
        return self.activation_2(s + v)

    def get_config(self):
        return {**super().get_config(), **self._c}


class Encoder2D(L.Layer):
    def __init__(self, convolution=ConvBlock2D, layers=[8, 16], **k):
        super().__init__(**k)
        self.sampling = L.MaxPooling2D()
        self.blocks = [convolution(filters=f) for f in layers]
        self._l = layers

    def call(self, x, training=None):
        for i, b in enumerate(self.blocks):
            x = b(x, training=training)
            if i + 1 < len(self.blocks):
                x = self.sampling(x)
        return x

    def get_config(self):
        return {**super().get_config(), "layers": list(self._l)}


K.utils.set_random_seed(2)
x = inp = L.Input((16, 16, 3))
x = L.Rescaling(1 / 127.5, offset=-1)(x)
x = ConvBlock2D(6, activation="relu")(x)
x = ResidualBlock2D(8, strides=2)(x)
x = ResidualBlock2D(8)(x)
x = Encoder2D(ResidualBlock2D, [8, 12], name="enc_r")(x)
x = Encoder2D(ConvBlock2D, [6, 7], name="enc_c")(x)
x = L.Flatten()(x)
x = L.Dense(4, activation="softmax")(x)
m = K.Model(inp, x)
rng = np.random.default_rng(1)
for v in m.weights:
    n = v.numpy()
    v.assign(
        np.abs(n) + 0.1 * rng.random(n.shape)
        if "variance" in v.name
        else n + 0.1 * rng.standard_normal(n.shape)
    )
xi = (rng.random((6, 16, 16, 3)) * 255).astype("f4")
y = m.predict(xi, verbose=0)
o = f"{folder}/{which}_blocks"
np.savez(o + ".npz", x=xi, y=y)
m.save(o + ".h5")
if which == "k3":
    m.save(o + ".keras")
    m.save_weights(o + ".weights.h5")
    open(o + ".json", "w").write(m.to_json())
