"""A package passes `bioimageio test` without the network: python bioimage_package.py PACKAGE.zip.

Needs bioimageio.core==0.11.0 and onnxruntime. The zoo compares what the weights give for the package's cells, prepared by
its own operations, with what the package says; so does this, to 1e-4: the zoo's deviation has a small number added.
"""

import sys

import numpy as np
from bioimageio.core import load_model_description, test_description
from bioimageio.core.prediction import predict
from bioimageio.spec import ValidationContext
from bioimageio.spec.utils import load_array

package = sys.argv[1]
with ValidationContext(perform_io_checks=False):
    summary = test_description(package, format_version="discover")
print(summary.format())
if summary.status != "passed":
    sys.exit(f"{package}: expected the test to pass, found {summary.status}")
model = load_model_description(package, perform_io_checks=False)
cells = load_array(model.inputs[0].test_tensor)
found = predict(model=model, inputs={"image": cells})
for output in model.outputs:
    expected = load_array(output.test_tensor)
    worst = np.abs(np.asarray(found.members[output.id].data) - expected).max()
    print(f"{package}: {output.id} {worst:.2e} apart")
    if worst > 1e-4 * max(1.0, np.abs(expected).max()):
        sys.exit(f"{package}: expected {output.id} to 1e-4, found {worst:.2e}")
