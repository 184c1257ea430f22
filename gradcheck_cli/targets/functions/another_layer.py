"""A layer that is called as a convolution and is none, as a function of its input, its weight and its bias."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gradcheck_cli.model import GRADIENTS, TENSORS, Array, Case, ConvSpec, FunctionForm, GradientName, Sample, Value
from gradcheck_cli.targets.conventions.another_layer import AnotherLayer
from gradcheck_cli.targets.functions.form import Parameter, Ran, Values, in_backward

# Of the geometries on which it runs, so many are asked: the first ones differ in padding, stride or groups.
SAMPLES = 3
# What a geometry has beside the shapes of its arrays; constants of a sample, whose numbers say which it is.
SETTINGS = ("stride", "padding", "dilation", "groups", "padding_mode")


@dataclass(frozen=True)
class AnotherLayerForm:
    """Its forward and backward on arrays in our layout.

    Attributes:
        layer: how it is asked.
        name: what it is called in the file.
        source: its text.
    """

    layer: AnotherLayer
    name: str
    source: str

    @property
    def kind(self) -> FunctionForm:
        """Asked as an object with a forward and a backward is."""
        return "class"

    @property
    def why(self) -> str:
        """How it is called."""
        axes = self.layer.candidate.layout.id
        order = "" if axes == "NCHW" else f"; its axes are written as NCHW here, the code's are {axes}"
        return f"{self.layer.candidate.why()}; no convolution, so its own forward is the truth{order}"

    @property
    def title(self) -> str:
        """What it is called in the file."""
        return self.name

    @property
    def backward(self) -> str:
        """The same holds both."""
        return self.name

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The arrays, then what says how they meet."""
        arrays = (Parameter(TENSORS[name].name, is_state=name != "input") for name in self._named)
        return (*arrays, *(Parameter(name, True) for name in self._settings))

    @property
    def _named(self) -> tuple[GradientName, ...]:
        """The gradients that are owed, the input's first."""
        return ("input", "weight", "bias") if self.layer.has_bias else ("input", "weight")

    @cached_property
    def _settings(self) -> tuple[str, ...]:
        """Those in which its geometries differ."""
        return tuple(name for name in SETTINGS if len({getattr(spec, name) for spec in self.layer.specs}) > 1)

    def forward(self, values: Values) -> tuple[Array, ...]:
        """O, (n, c_out, h_out, w_out)."""
        return (self.layer.forward(self._case(values)),)

    def run(self, values: Values, upstream: Sequence[Array]) -> Ran:
        """Its forward and its backward."""
        case = replace(self._case(values), grad_output=np.array(upstream[0]))
        outputs = (self.layer.forward(case),)
        with in_backward(outputs):
            returned = self.layer.backward(case)
            taken = self.layer.taken(case, returned).gradients
        found: dict[str, Array] = {
            TENSORS[name].name: array for name in GRADIENTS if (array := taken.get(name)) is not None
        }
        return Ran(outputs, found, mutated=returned.mutated)

    def _case(self, values: Values) -> Case:
        """The sample as a layer's."""
        spec = self._spec(values)
        bias = values["bias"] if self.layer.has_bias else np.zeros(spec.out_channels)
        x, weight, bias = (np.array(array) for array in (values["x"], values["weight"], bias))
        return Case(spec, x, weight, bias, np.zeros(spec.output_shape))

    def _spec(self, values: Values) -> ConvSpec:
        """The geometry with these settings and the sizes of these arrays.

        Raises:
            ValueError: in none of these settings was it tried.
        """
        shapes = (np.shape(values["x"]), np.shape(values["weight"]))  # type: ignore[arg-type]
        wanted = [values[name] for name in self._settings]
        alike = [one for one in self.layer.specs if [getattr(one, name) for name in self._settings] == wanted]
        same = next((one for one in alike if shapes == (one.x_shape, one.weight_shape)), None)
        if same is not None:
            return same
        if not alike:
            raise ValueError("the layer is asked in the settings that it was tried in")
        (batch, channels, *picture), (filters, _, *kernel) = shapes
        of_arrays = {"batch": batch, "in_channels": channels, "out_channels": filters}
        return alike[0].of_size(tuple(picture), kernel_size=tuple(kernel), **of_arrays)

    def samples(self, number: int) -> tuple[Sample, ...]:
        """The first geometries on which its forward runs, with random numbers; `number` is the seed."""
        return tuple(itertools.islice(self._drawn(number), SAMPLES))

    def _drawn(self, number: int) -> Iterator[Sample]:
        draw = np.random.default_rng(number)
        for spec in self.layer.specs:
            values: dict[str, Value] = {
                TENSORS[name].name: draw.standard_normal(TENSORS[name].shape(spec)) for name in self._named
            }
            settings = {name: getattr(spec, name) for name in self._settings}
            sample = Sample({**values, **settings}, tuple(values), number)
            with contextlib.suppress(Exception):  # what it does not take is not asked
                self.forward(sample.values)
                yield sample
