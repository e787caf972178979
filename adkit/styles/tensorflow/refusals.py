"""What this style does not have, and what to use in its place: looked up when a name of TensorFlow's is missing.

Not for: names that are there.
"""

from __future__ import annotations

from .errors import NotOfferedError, at_line

__adkit__ = True

INSTEAD = {
    "Graph": "drop the graph: operations run at once, and adkit.trace shows what was recorded",
    "RaggedTensor": "pad the rows to one length, and mask them with tf.where",
    "SparseTensor": "use dense tensors, or adkit's sparse Jacobians (adkit.jacobian with mode='sparse')",
    "compat": "write TensorFlow 2: tf.function and tf.GradientTape in the place of graphs and sessions",
    "data": "loop over NumPy arrays in slices: for i in range(0, n, batch): x[i : i + batch]",
    "debugging": "use adkit.check_grads and adkit.why_nan, which look at derivatives too",
    "device": "leave it out: this style computes on the CPU; for a GPU see adkit.settings(device='gpu')",
    "distribute": "run one process; for many cores see adkit.vmap, and for clusters the original",
    "estimator": "write the training loop with tf.GradientTape",
    "experimental": "use the function of the stable namespace",
    "image": "read and change images with NumPy, and pass them to tf.constant",
    "io": "read files with NumPy (numpy.load, numpy.genfromtxt)",
    "lite": "export with tensorflow itself",
    "lookup": "use a dict, and tf.gather",
    "print": "use Python's print: code runs at once",
    "py_function": "call the Python function itself: code runs at once",
    "numpy_function": "call the NumPy function itself, or give it a derivative with tf.custom_gradient",
    "queue": "use Python's queue",
    "ragged": "pad the rows to one length, and mask them with tf.where",
    "raw_ops": "use the function of the stable namespace",
    "saved_model": "save the values of the variables with numpy.savez, and assign them after loading",
    "signal": "use adkit.numpy.fft and adkit.scipy.fft",
    "sparse": "use dense tensors, or adkit's sparse Jacobians (adkit.jacobian with mode='sparse')",
    "strings": "use Python's str",
    "summary": "print, or plot with matplotlib",
    "sysconfig": "leave it out",
    "test": "use adkit.check_grads and pytest",
    "tpu": "leave it out: this style computes on the CPU",
    "train": "use tf.keras.optimizers, and numpy.savez for checkpoints",
    "autodiff": "for forward mode use adkit.jvp, which takes functions of this style",
    "recompute_grad": "use adkit.checkpoint",
    "hessians": "use two nested tapes, or adkit.hessian",
    "gradients": "use tf.GradientTape",
}
WITHIN = {
    "math": "write it with the operations of dir(tf.math), or take adkit.numpy's function under adkit.grad",
    "nn": "write it with tf.matmul, tf.reduce_sum and elementwise operations (dir(tf.nn)), or use TensorFlow itself",
    "linalg": "use adkit.numpy.linalg or adkit.scipy.linalg under adkit.grad; dir(tf.linalg) lists what is there",
    "random": "draw with NumPy's Generator, and pass the numbers to tf.constant; dir(tf.random) lists what is there",
}
OTHERWISE = "use a function that is there (dir(tf)), adkit.numpy for NumPy's, or TensorFlow itself"


def instead(name: str) -> str:
    """What to use in the place of a name.

    Example
    -------
    >>> instead("saved_model")
    'save the values of the variables with numpy.savez, and assign them after loading'
    """
    return INSTEAD.get(name, OTHERWISE)


def absent(module: str, name: str) -> Exception:
    """The error for `tf.module.name`."""
    if name.startswith("_"):
        return AttributeError(f"module 'tf.{module}' has no attribute {name!r}")
    return at_line(NotOfferedError, f"this style has no tf.{module}.{name}", WITHIN[module])
