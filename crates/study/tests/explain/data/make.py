"""Maps of the published encoder by PyTorch's own gradients, for `golden.rs`.

    python make.py KERAS_FOLDER

where KERAS_FOLDER holds `cellx_model.h5` and `cellx_expected.npz`. Made with torch 2.15.0, h5py 3.16.0, numpy 2.4.6.

* `grad_cam`  [4, 64, 64]: of the probability of the likeliest class at the last swish (4x4x128): channels weighed by the means of
  their gradients, added up, resized (bilinear, half-pixel centres), negative values set to 0, divided by the maximum.
* `grad_cam_norm` [4, 4, 4]: the same at the last batch norm, before the swish, not resized, not rectified: raw sums.
* `saliency` [4, 64, 64]: squared gradient of the logit of class 1, from 0 to 1.
* `smooth_grad` [4, 64, 64]: the same for the sum of all logits, averaged over three copies; copy k of cell i has
  (((7919 (p + 1) + 104729 (k + 1) + 1299709 (i + 1)) mod 1000) / 500 - 1) * 0.5 added to pixel p.
"""
import sys
import h5py
import numpy as np
import torch
import torch.nn.functional as F

torch.manual_seed(0)
torch.set_num_threads(1)
here = __file__.rsplit("/", 1)[0]
folder = sys.argv[1]
f = h5py.File(f"{folder}/cellx_model.h5")["model_weights"]
golden = np.load(f"{folder}/cellx_expected.npz")
t = lambda a: torch.tensor(np.asarray(a), dtype=torch.float64)

blocks = []
for n in range(5):
    suffix = "" if n == 0 else f"_{n}"
    b = f["encoder2d/encoder2d"]["conv_block2d" + suffix]
    norm = b["batch_normalization" + suffix]
    kernel = t(b["conv2d" + suffix]["kernel:0"][()]).permute(3, 2, 0, 1)
    blocks.append((kernel, *(t(norm[v + ":0"][()]) for v in ("moving_mean", "moving_variance", "gamma", "beta"))))
d1 = [t(f["dense/dense"][v][()]) for v in ("kernel:0", "bias:0")]
d2 = [t(f["dense_1/dense_1"][v][()]) for v in ("kernel:0", "bias:0")]


def network(x):
    """Logits, the last batch norm, the last swish."""
    z = x.permute(0, 3, 1, 2)
    for n, (kernel, mean, variance, gamma, beta) in enumerate(blocks):
        z = F.conv2d(z, kernel, padding=1)
        norm = F.batch_norm(z, mean, variance, gamma, beta, training=False, eps=1e-3)
        norm.retain_grad()
        swish = F.silu(norm)
        swish.retain_grad()
        z = swish if n == 4 else F.max_pool2d(swish, 2)
    features = F.relu(z.permute(0, 2, 3, 1).flatten(1) @ d1[0] + d1[1])
    return features @ d2[0] + d2[1], norm, swish


def gradient(x, of):
    x = x.clone().requires_grad_(True)
    logits, norm, swish = network(x)
    of(logits).sum().backward()
    return x.grad, norm, swish


def spread(a):
    low, high = a.amin((1, 2), keepdim=True), a.amax((1, 2), keepdim=True)
    return (a - low) / (high - low)


x = t(golden["x"][:4])
print("logits off by", np.abs(network(x.clone().requires_grad_(True))[0].detach().numpy() - golden["logits"][:4]).max())
likeliest = lambda logits: logits.softmax(1).gather(1, logits.argmax(1, keepdim=True))
_, norm, swish = gradient(x, likeliest)
weigh = lambda a: (a.detach() * a.grad.mean((2, 3), keepdim=True)).sum(1)
cam = F.interpolate(weigh(swish)[:, None], size=(64, 64), mode="bilinear", align_corners=False)[:, 0].relu()
cam = cam / cam.amax((1, 2), keepdim=True)
one = lambda logits: logits[:, 1]
saliency = spread(gradient(x, one)[0][..., 0] ** 2)
total = 0
p, i = torch.arange(64 * 64), torch.arange(4)[:, None]
for k in range(3):
    noise = (((7919 * (p + 1) + 104729 * (k + 1) + 1299709 * (i + 1)) % 1000) / 500 - 1) * 0.5
    total = total + gradient(x + noise.reshape(4, 64, 64, 1), lambda logits: logits.sum(1))[0][..., 0] ** 2
save = {"grad_cam": cam, "grad_cam_norm": weigh(norm), "saliency": saliency, "smooth_grad": spread(total)}
np.savez_compressed(f"{here}/encoder.npz", **{name: a.numpy().astype("f4") for name, a in save.items()})
