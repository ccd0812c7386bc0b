"""TensorFlow through Keras' own loops: `fit` on a prefetched dataset, `predict` on an array."""
import os

from contestant import CALL, FILTERS, TRAINING, compete

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

layers = tf.keras.layers


def encoder():
    inputs = x = layers.Input((64, 64, 1))
    for number, filters in enumerate(FILTERS):
        if number:
            x = layers.MaxPooling2D()(x)
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.Activation("swish")(layers.BatchNormalization()(x))
    x = layers.Dense(256, activation="relu")(layers.Flatten()(x))
    return tf.keras.Model(inputs, layers.Dense(5)(layers.Dropout(0.2)(x))), tf.keras.optimizers.Adam()


def phase():
    stages = [layers.Input((50, 50, 3))]
    for pair in ((32, 32), (64, 128)):
        stages += [layers.Conv2D(filters, 3, activation="relu") for filters in pair]
        stages += [layers.MaxPooling2D(), layers.Dropout(0.5)]
    head = [layers.Flatten(), layers.Dense(256, activation="relu"), layers.Dropout(0.5), layers.Dense(2)]
    return tf.keras.Sequential(stages + head), tf.keras.optimizers.SGD(0.032, clipnorm=1.0)


def prepare(network, direction, precision):
    assert precision == "f32", precision
    model, optimizer = {"encoder": encoder, "phase": phase}[network]()
    model.compile(optimizer=optimizer, loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    batch_size, n_batches, classes = TRAINING[network]
    n = batch_size * n_batches
    images = np.random.default_rng(0).standard_normal((n, *model.input_shape[1:]), np.float32)
    if direction == "infer":
        return lambda: len(model.predict(images, batch_size=CALL, verbose=0))
    labels = np.arange(n) % classes
    data = tf.data.Dataset.from_tensor_slices((images, labels)).batch(batch_size).prefetch(2)

    def fit():
        model.fit(data, epochs=2, verbose=0)
        return 2 * n

    return fit


compete(prepare)
