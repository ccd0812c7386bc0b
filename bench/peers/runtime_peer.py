"""Runtimes that only infer, on the networks as ONNX: `runtime_peer.py onnxruntime` or `runtime_peer.py openvino`."""
import os
import sys
import tempfile

from contestant import CALL, THREADS, compete

import torch
from torch_networks import NETWORKS, SHAPES

# Calls that OpenVINO is given at once; it runs as many at a time as it has threads.
CALLS = 8


def exported(network, folder):
    path = os.path.join(folder, f"{network}.onnx")
    example = torch.randn(CALL, *SHAPES[network])
    names = {"input_names": ["x"], "dynamic_axes": {"x": {0: "n"}}}
    torch.onnx.export(NETWORKS[network]().eval(), example, path, dynamo=False, **names)
    return path, example.numpy()


def onnxruntime_session(path, precision):
    import onnxruntime

    assert precision == "f32", precision
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda images: len(session.run(None, {"x": images})[0])


def openvino_queue(path, precision):
    import openvino

    settings = {
        "INFERENCE_PRECISION_HINT": precision,
        "PERFORMANCE_HINT": "THROUGHPUT",
        "INFERENCE_NUM_THREADS": THREADS,
    }
    queue = openvino.AsyncInferQueue(openvino.Core().compile_model(path, "CPU", settings), THREADS)

    def run(images):
        for _ in range(CALLS):
            queue.start_async({0: images})
        queue.wait_all()
        return CALLS * len(images)

    return run


def prepare(network, direction, precision):
    assert direction == "infer", direction
    runtime = {"onnxruntime": onnxruntime_session, "openvino": openvino_queue}[sys.argv[1]]
    with tempfile.TemporaryDirectory() as folder:
        path, images = exported(network, folder)
        infer = runtime(path, precision)
    return lambda: infer(images)


compete(prepare)
