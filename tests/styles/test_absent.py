"""What a style does not have, named by an attribute or by an import: an error that says what to use instead."""

import sys

import pytest

import adkit

BY_IMPORT = {
    "from adkit.styles.pytorch.utils.data import DataLoader": "randperm",
    "import adkit.styles.pytorch.distributed": "one process",
    "from adkit.styles.pytorch import jit": "adkit.trace",
    "from adkit.styles.pytorch.func import vmap": "adkit.vmap",
    "import adkit.styles.pytorch.autograd.forward_ad as fwAD": "functional.jvp",
    "from adkit.styles.pytorch.optim.lr_scheduler import StepLR": "param_groups",
    "from adkit.styles.pytorch.nn import Conv2d": "Module of your own",
    "from adkit.styles.pytorch.cuda.amp import autocast": "device",
    "import adkit.styles.tensorflow.data": "slice",
    "from adkit.styles.tensorflow.keras.layers import Conv2D": "Layer of your own",
    "from adkit.styles.tensorflow.keras.optimizers import RMSprop": "adkit.optim",
    "from adkit.styles.tensorflow.keras import datasets": "tf.GradientTape",
    "from adkit.styles.tensorflow.math import bessel": "adkit.numpy",
    "from adkit.styles.theano.sandbox.rng_mrg import MRG_RandomStreams": "shared_randomstreams",
    "import adkit.styles.theano.sandbox.cuda": "device",
    "from adkit.styles.theano.tensor.signal import pool": "T.arange",
    "from adkit.styles.theano.tensor.nnet import conv": "T.arange",
    "from adkit.styles.theano.gradient import grad_clip": "T.clip",
}


@pytest.mark.parametrize("statement", BY_IMPORT)
def test_an_import_of_what_is_not_there_says_what_to_use(statement):
    with pytest.raises(ImportError) as caught:
        exec(compile(f"\n{statement}", "<program>", "exec"), {})
    error = caught.value
    assert isinstance(error, adkit.AdkitError), error
    assert BY_IMPORT[statement] in error.fix
    assert (error.filename, error.line) == ("<program>", 2)


def test_other_imports_are_left_alone():
    import adkit.styles.pytorch

    name = "adkit.styles.pytorch.no_name_of_anybodys_"
    for finder in sys.meta_path:
        if finder.__module__ == "adkit.styles.absent":
            assert finder.find_spec("a_package.somewhere") is None
            break
    else:
        raise AssertionError("the finder is not entered")
    with pytest.raises(ImportError):
        __import__(name)
    assert adkit.styles.pytorch.nn.functional.relu is not None


def test_a_cuda_or_graph_name_says_what_to_use():
    import adkit.styles.pytorch as torch
    import adkit.styles.tensorflow as tf
    import adkit.styles.theano as theano

    for look, way in (
        (lambda: torch.compile, "adkit.trace"),
        (lambda: torch.cuda.Stream, "device"),
        (lambda: torch.ones(1).cuda(), "adkit.settings"),
        (lambda: tf.keras.optimizers.RMSprop, "assign_sub"),
        (lambda: tf.nn.conv2d, "tf.matmul"),
        (lambda: tf.linalg.expm, "adkit"),
        (lambda: tf.keras.Sequential([]).fit, "adkit.optim.fit"),
        (lambda: tf.function(abs).get_concrete_function, "adkit.trace"),
        (lambda: theano.Op, "custom_rule"),
        (lambda: theano.sparse, "adkit.sparse"),
        (lambda: theano.tensor.signal, "T.arange"),
        (lambda: theano.gradient.grad_scale, "disconnected_grad"),
        (lambda: theano.config.cxx, "floatX"),
    ):
        with pytest.raises(adkit.AdkitError) as caught:
            look()
        assert way in caught.value.fix, caught.value
        assert caught.value.line is not None
