"""PyTorch, channels last: `torch_peer.py eager` or `torch_peer.py compiled` (needs a C++ compiler, and minutes to warm
up). bf16 is automatic mixed precision."""
import sys

from contestant import CALL, THREADS, TRAINING, compete

import torch
import torch.nn.functional as F
from torch_networks import NETWORKS, SHAPES

torch.set_num_threads(THREADS)
torch.manual_seed(0)


def prepare(network, direction, precision):
    model = NETWORKS[network]().to(memory_format=torch.channels_last)
    forward = torch.compile(model) if sys.argv[1] == "compiled" else model

    def mixed():
        return torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16")

    def images(n):
        return torch.randn(n, *SHAPES[network]).contiguous(memory_format=torch.channels_last)

    if direction == "infer":
        model.eval()
        call = images(CALL)

        def infer():
            with torch.inference_mode(), mixed():
                return len(forward(call))

        return infer

    batch_size, n_batches, classes = TRAINING[network]
    batches = [(images(batch_size), torch.randint(0, classes, (batch_size,))) for _ in range(n_batches)]
    if network == "encoder":
        optimizer = torch.optim.Adam(model.parameters())
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.032)

    def step(x, y):
        optimizer.zero_grad(set_to_none=True)
        with mixed():
            loss = F.cross_entropy(forward(x), y)
        loss.backward()
        optimizer.step()
        return batch_size

    return lambda: sum(step(*batch) for batch in batches)


compete(prepare)
