"""Small models with layers that are applied twice, channels first, an end of one pixel, and files of other versions.

`python layouts.py FOLDER k3` with keras==3.15.1, jax==0.10.2, h5py==3.16.0 (channels first need a backend that has them on a CPU);
`python layouts.py FOLDER k2` with tf_keras==2.21.0, tensorflow-cpu==2.21.0;
`python layouts.py FOLDER k213` with tensorflow-cpu==2.13.1: its `.keras` have a layout of their own;
`python layouts.py FOLDER k1` with numpy==2.4.6, scipy==1.17.1, h5py==3.16.0: files as Keras 1 wrote them on Theano and on TensorFlow,
whose outputs are worked out with scipy alone.
"""

import json
import os
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ["KERAS_BACKEND"] = "jax"
import numpy as np

out, tag = sys.argv[1:]
random = np.random.default_rng(8)


def shared():
    """A layer, and a model with a model in it, each applied to two branches."""
    inp = L.Input((10, 8, 2))
    inner = K.Sequential([L.Input((5, 4, 6)), L.Conv2D(6, 3, padding="same", name="within"), L.ReLU()], name="inner")
    block = K.Sequential([L.Input((5, 4, 6)), inner, L.BatchNormalization(name="norm")], name="block")
    conv = L.Conv2D(6, 3, padding="same", activation="relu", name="twice")
    a = conv(L.AveragePooling2D(2)(inp))
    b = conv(L.MaxPooling2D(2)(inp))
    x = L.Add(name="sum")([block(a), block(b)])
    x = L.Concatenate()([x, a])
    return K.Model(inp, L.Dense(3, activation="softmax")(L.Flatten()(x)))


def pixel():
    """A vector that is made an image, and classes that are the channels of one pixel until the end."""
    inp = L.Input((96,))
    x = L.Reshape((8, 6, 2))(inp)
    x = L.Conv2D(7, 3, padding="same", activation="relu")(x)
    x = L.GlobalAveragePooling2D(keepdims=True)(x)
    x = L.Conv2D(4, 1)(x)
    x = L.Activation("softmax")(x)
    return K.Model(inp, L.Reshape((4,))(x))


def plain():
    """Images without an axis for their one channel."""
    return K.Sequential([L.Input((9, 7)), L.Flatten(), L.Dense(8, activation="relu"), L.Dense(3, activation="softmax")])


def first(order, norm):
    """Channels first, flattened in the order of `order`, with a norm of the features or without."""
    inp = L.Input((3, 9, 8))
    there = {"data_format": "channels_first"}
    x = L.ZeroPadding2D(((0, 1), (2, 0)), **there)(inp)
    x = L.Conv2D(6, 3, activation="relu", **there)(x)
    x = L.BatchNormalization(axis=1)(x)
    x = L.MaxPooling2D(2, **there)(x)
    y = L.DepthwiseConv2D(3, padding="same", **there)(x)
    x = L.Concatenate(axis=1)([x, L.SeparableConv2D(5, 3, padding="same", **there)(y)])
    x = L.AveragePooling2D((1, 2), **there)(x)
    x = L.Flatten(data_format=order)(x)
    if norm:
        x = L.Dropout(0.2)(L.ReLU()(L.BatchNormalization()(x)))
    return K.Model(inp, L.Dense(4, activation="softmax")(x))


def first_as_is():
    return first("channels_last", True)


def first_turned():
    return first("channels_first", False)


def saved(model, name):
    for variable in model.weights:
        n = np.asarray(variable.numpy())
        if n.dtype == "float32" and "variance" in variable.name:
            variable.assign(np.abs(n * (1 + random.random(n.shape))) + 0.1)
        elif n.dtype == "float32":
            variable.assign(n + 0.1 * random.standard_normal(n.shape).astype("f4"))
    x = random.standard_normal((6,) + tuple(model.input_shape[1:])).astype("f4")
    y = np.asarray(model.predict(x, verbose=0))
    # Images as they are here, channels last.
    images = x.transpose(0, 2, 3, 1) if "first" in name else x
    np.savez_compressed(f"{out}/{tag}_{name}.npz", x=np.ascontiguousarray(images), y=y)
    if tag != "k213":
        model.save(f"{out}/{tag}_{name}.h5")
    if tag != "k2":
        model.save(f"{out}/{tag}_{name}.keras")
    print(tag, name, y[0])


def stored(name, kind):
    """The same file with its arrays in another type, in compressed chunks; bfloat16 as HDF5 has it, bytes without a meaning."""
    import h5py

    def copy(old, new):
        for key, value in old.attrs.items():
            new.attrs[key] = value
        for key, item in old.items():
            if isinstance(item, h5py.Group):
                copy(item, new.create_group(key, track_order=True))
                continue
            values = item[()]
            if kind == "bfloat16":
                values = ((values.view("u4") + 0x8000) >> 16).astype("u2").view("V2")
            else:
                values = values.astype(kind)
            new.create_dataset(key, data=values, chunks=True, compression="gzip", shuffle=True)

    # In half precision the weights are rounded, so what they give is asked of Keras again.
    label = {"<f2": "f2", ">f2": "f2_big", ">f8": "f8_big"}.get(kind, kind)
    with h5py.File(f"{out}/{tag}_{name}.h5") as old, h5py.File(f"{out}/{tag}_{name}_{label}.h5", "w", track_order=True) as new:
        copy(old, new)
    model = K.models.load_model(f"{out}/{tag}_{name}.h5", compile=False)
    for variable in model.weights:
        n = np.asarray(variable.numpy())
        if kind == "bfloat16":
            n = (((n.view("u4") + 0x8000) >> 16) << 16).view("f4")
        variable.assign(n.astype(kind).astype("f4") if kind != "bfloat16" else n)
    x = np.load(f"{out}/{tag}_{name}.npz")["x"]
    np.savez_compressed(f"{out}/{tag}_{name}_{label}.npz", x=x, y=np.asarray(model.predict(x, verbose=0)))


def windows(name):
    """The same file with names of groups as Python joined them on Windows."""
    import io
    import zipfile

    import h5py

    source = zipfile.ZipFile(f"{out}/{tag}_{name}.keras")
    target = io.BytesIO()
    with h5py.File(io.BytesIO(source.read("model.weights.h5"))) as old, h5py.File(target, "w") as new:
        def copy(place, item):
            if isinstance(item, h5py.Dataset) and place.startswith("_layer"):
                layer, variable = place.split("/vars/")
                new[layer.replace("/", "\\") + "/vars/" + variable] = item[()]
        old.visititems(copy)
    with zipfile.ZipFile(f"{out}/{tag}_{name}_windows.keras", "w", zipfile.ZIP_DEFLATED) as new:
        for member in source.namelist():
            new.writestr(member, target.getvalue() if member.endswith("h5") else source.read(member))


def keras_1(ending):
    """Convolution, norm, pool, dense; Theano convolves (the kernel is turned) and has channels first."""
    import h5py
    from scipy.signal import convolve2d, correlate2d

    theano = ending == ""
    kernel, bias = random.standard_normal((5, 2, 3, 2)).astype("f4"), random.standard_normal(5).astype("f4")
    gamma, beta, mean = random.standard_normal((3, 5)).astype("f4")
    variance = random.random(5).astype("f4") + 0.5
    dense, offset = random.standard_normal((5 * 3 * 3, 4)).astype("f4") / 4, random.standard_normal(4).astype("f4")
    x = random.standard_normal((6, 2, 8, 7)).astype("f4")
    each = convolve2d if theano else correlate2d
    y = np.array([[sum(each(image[c], k[c], "valid") for c in range(2)) for k in kernel.astype("f8")] for image in x])
    y = np.maximum(y + bias[:, None, None], 0)
    y = (y - mean[:, None, None]) / np.sqrt(variance[:, None, None] + 1e-3) * gamma[:, None, None] + beta[:, None, None]
    y = y.reshape(6, 5, 3, 2, 3, 2).max((3, 5))
    y = (y if theano else y.transpose(0, 2, 3, 1)).reshape(6, -1) @ dense + offset
    y = np.exp(y - y.max(1, keepdims=True))
    order = "th" if theano else "tf"
    shape = [None, 2, 8, 7] if theano else [None, 8, 7, 2]
    layers = [
        ("Convolution2D", {"batch_input_shape": shape, "nb_filter": 5, "nb_row": 3, "nb_col": 2, "activation": "relu",
                           "border_mode": "valid", "subsample": [1, 1], "dim_ordering": order, "bias": True}),
        ("BatchNormalization", {"epsilon": 1e-3, "mode": 0, "axis": 1 if theano else -1, "momentum": 0.99}),
        ("MaxPooling2D", {"pool_size": [2, 2], "strides": [2, 2], "border_mode": "valid", "dim_ordering": order}),
        ("Dropout", {"p": 0.25}),
        ("Flatten", {}),
        ("Dense", {"output_dim": 4, "activation": "softmax", "bias": True}),
    ]
    arrays = {
        "convolution2d_1": {"W": kernel if theano else kernel.transpose(2, 3, 1, 0), "b": bias},
        "batchnormalization_1": {"gamma": gamma, "beta": beta, "running_mean": mean, "running_std": variance},
        "dense_1": {"W": dense, "b": offset},
    }
    name = f"{out}/k1_{'theano' if theano else 'tensorflow'}"
    config = [{"class_name": c, "config": {"name": f"{c.lower()}_1", "trainable": True, **s}} for c, s in layers]
    with h5py.File(f"{name}.h5", "w") as file:
        file.attrs["keras_version"] = b"1.2.2"
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": config}).encode()
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [layer["config"]["name"].encode() for layer in config]
        for layer in config:
            layer = layer["config"]["name"]
            group = root.create_group(layer)
            group.attrs["weight_names"] = [f"{layer}_{role}{ending}".encode() for role in arrays.get(layer, {})]
            for role, array in arrays.get(layer, {}).items():
                group[f"{layer}_{role}{ending}"] = array
    images = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
    np.savez_compressed(f"{name}.npz", x=images, y=(y / y.sum(1, keepdims=True)).astype("f4"))
    print(name, y[0] / y[0].sum())


if tag == "k1":
    keras_1("")
    keras_1(":0")
else:
    if tag == "k2":
        import tf_keras as K
    elif tag == "k3":
        import keras as K
    else:
        from tensorflow import keras as K
    L = K.layers
    K.utils.set_random_seed(8)
    makers = {"k3": [shared, pixel, plain, first_as_is, first_turned], "k2": [shared, pixel, plain], "k213": [shared]}
    for make in makers[tag]:
        saved(make(), make.__name__)
    if tag == "k3":
        for kind in ("<f2", ">f2", "bfloat16", ">f8"):
            stored("pixel", kind)
    if tag == "k213":
        windows("shared")
