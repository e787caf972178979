"""`tf.keras.layers`: `Dense`, `Dropout` and their containers, for training loops of one's own.

Weights are made at the first call. Not for: `compile`, `fit`, and layers beyond a small network.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import nn
from ..arrays import reshape
from ..elementwise import tensor
from ..errors import NotOfferedError, at_line
from ..linalg import matmul
from ..module import Module
from ..tensor import Tensor
from ..variable import Variable
from . import activations, initializers

__adkit__ = True
__path__: list[str] = []  # `from tensorflow.keras.layers import X` asks for a module X before it gives up


class Layer(Module):
    """Base of layers: `build(input_shape)` makes the weights at the first call, `call(inputs)` computes.

    Example
    -------
    >>> class Scale(Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight(shape=(), initializer="ones")
    ...     def call(self, inputs):
    ...         return inputs * self.factor
    >>> Scale()(tensor([2.0]))
    <tf.Tensor: shape=(1,), dtype=float32, numpy=array([2.], dtype=float32)>
    """

    def __init__(self, trainable: bool = True, name: str | None = None, **unused: Any) -> None:
        super().__init__(name)
        self.trainable = trainable
        self.built = False
        self._takes_training = False

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of a shape."""

    def call(self, inputs: Any) -> Any:
        """The outputs for inputs."""
        return inputs

    def add_weight(
        self,
        shape: Any = (),
        initializer: Any = "glorot_uniform",
        dtype: Any = "float32",
        trainable: bool = True,
        name: str | None = None,
        **unused: Any,
    ) -> Variable:
        """A new variable of a shape."""
        return Variable(initializers.get(initializer)(shape, dtype), trainable=trainable, name=name)

    def __call__(self, inputs: Any, *args: Any, training: Any = None, **kwargs: Any) -> Any:
        made = tensor(inputs) if not isinstance(inputs, (list, tuple, dict)) or _of_numbers(inputs) else inputs
        if not self.__dict__.get("built", False):
            self.build(getattr(made, "shape", None))
            self.built = True
        if training is not None and "training" in self.call.__code__.co_varnames:
            kwargs["training"] = training
        return self.call(made, *args, **kwargs)

    @property
    def trainable_variables(self) -> tuple[Variable, ...]:
        """The variables, unless the layer is not trainable."""
        return super().trainable_variables if self.__dict__.get("trainable", True) else ()

    @property
    def trainable_weights(self) -> tuple[Variable, ...]:
        """The same."""
        return self.trainable_variables

    @property
    def weights(self) -> tuple[Variable, ...]:
        """All variables."""
        return self.variables

    def get_weights(self) -> list[Any]:
        """The values of all variables."""
        return [v.numpy() for v in self.variables]

    def set_weights(self, weights: Iterable[Any]) -> None:
        """Assign values to all variables in order."""
        for variable, value in zip(self.variables, weights, strict=True):
            variable.assign(value)


def _of_numbers(value: Any) -> bool:
    while isinstance(value, (list, tuple)):
        value = value[0] if value else 0.0
    return isinstance(value, (int, float))


class Dense(Layer):
    """activation(inputs · kernel + bias), over the last axis.

    Example
    -------
    >>> layer = Dense(2, activation="relu", kernel_initializer="ones")
    >>> layer([[1.0, 2.0]]).numpy(), [tuple(v.shape) for v in layer.trainable_variables]
    (array([[3., 3.]], dtype=float32), [(2, 2), (2,)])
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.units, self.use_bias = units, use_bias
        self.activation = activations.get(activation)
        self._initializers = kernel_initializer, bias_initializer

    def build(self, input_shape: Any) -> None:
        """Kernel and bias."""
        self.kernel = self.add_weight((input_shape[-1], self.units), self._initializers[0], name="kernel")
        if self.use_bias:
            self.bias = self.add_weight((self.units,), self._initializers[1], name="bias")

    def call(self, inputs: Any) -> Any:
        """The outputs."""
        made = matmul(inputs, self.kernel)
        return self.activation(made + self.bias if self.use_bias else made)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Kernel and bias, in this order."""
        return tuple(v for v in (self.__dict__.get("kernel"), self.__dict__.get("bias")) if v is not None)


class Activation(Layer):
    """An activation as a layer."""

    def __init__(self, activation: Any, **options: Any) -> None:
        super().__init__(**options)
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        """The activation."""
        return self.activation(inputs)


class ReLU(Activation):
    """max(x, 0) as a layer."""

    def __init__(self, **options: Any) -> None:
        super().__init__("relu", **options)


class Dropout(Layer):
    """`tf.nn.dropout` where `training` is true, else nothing."""

    def __init__(self, rate: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.rate, self.seed = rate, seed

    def call(self, inputs: Any, training: Any = False) -> Any:
        """The inputs, some of them dropped."""
        return nn.dropout(inputs, self.rate, seed=self.seed) if training else inputs


class Flatten(Layer):
    """All axes but the first in one."""

    def call(self, inputs: Any) -> Tensor:
        """The inputs in two axes."""
        return reshape(inputs, (inputs.shape[0], -1))


class Model(Layer):
    """Layers in attributes, with a `call` of one's own."""

    @property
    def layers(self) -> list[Any]:
        """The layers in it."""
        return [module for module in self.submodules if isinstance(module, Layer)]

    def __getattr__(self, name: str) -> Any:
        if name in ("compile", "fit", "evaluate", "predict", "summary", "save"):
            raise at_line(
                NotOfferedError,
                f"models of this style have no {name}",
                "write the training loop with tf.GradientTape and an optimizer, or use adkit.optim.fit",
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


class Sequential(Model):
    """Layers one after the other.

    Example
    -------
    >>> model = Sequential([Dense(4, activation="relu"), Dense(2)])
    >>> model([[1.0, 2.0, 3.0]]).shape, len(model.trainable_variables)
    (TensorShape([1, 2]), 4)
    """

    def __init__(self, layers: Iterable[Any] = (), name: str | None = None) -> None:
        super().__init__(name=name)
        self._stack = list(layers)

    def add(self, layer: Any) -> None:
        """One more layer at the end."""
        self._stack.append(layer)

    @property
    def layers(self) -> list[Any]:
        """The layers in order."""
        return list(self._stack)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Those of the layers in order."""
        return tuple(v for layer in self._stack for v in getattr(layer, "variables", ()))

    def call(self, inputs: Any, training: Any = None) -> Any:
        """The output of the last layer."""
        for layer in self._stack:
            inputs = layer(inputs, training=training) if isinstance(layer, Layer) else layer(inputs)
        return inputs


def __getattr__(name: str) -> Any:
    from . import absent

    raise absent("layers", name)
