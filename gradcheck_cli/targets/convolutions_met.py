"""The child's side of `--from-module`: a model of the user's is run once, and each convolution says what it met.

A module is called with what `gradcheck_inputs()` of its file returns. Anything else that can be called is called
without arguments, and what it runs counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gradcheck_cli.model import ConvSpec
from gradcheck_cli.model.errors import GradcheckError, TargetError
from gradcheck_cli.model.spec import fields_of
from gradcheck_cli.model.torch_layer import TorchLayer
from gradcheck_cli.targets.contract import TargetRef
from gradcheck_cli.targets.load import Loaded, LoadError, load
from gradcheck_cli.targets.resolve import INPUTS
from gradcheck_cli.targets.wire import Message

# torch's names of its modules, and ours of the forms.
_FORMS = {
    "Conv1d": "conv1d",
    "Conv2d": "conv2d",
    "Conv3d": "conv3d",
    "ConvTranspose1d": "conv_transpose1d",
    "ConvTranspose2d": "conv_transpose2d",
    "ConvTranspose3d": "conv_transpose3d",
}


def answer(message: Message) -> Message:
    """The geometries that the convolutions of a model meet, which is no target."""
    ref = TargetRef(message["text"], message["file"], message["name"], module=message["module"])
    try:
        return {"geometries": [fields_of(spec) for spec in convolutions_met(load(ref))]}
    except (LoadError, GradcheckError) as error:
        return {"failed": error.sentence, "hint": error.hint}


def convolutions_met(loaded: Loaded) -> list[ConvSpec]:
    """The geometry of every convolution that ran, in their order, each once.

    Raises:
        TargetError: it is a module without inputs, it raises, or no convolution runs.
    """
    import torch

    found: list[ConvSpec] = []
    run = _runner(loaded)
    with _noted(found), torch.no_grad():
        try:
            run()
        except Exception as error:
            said = " ".join(str(error).split())[:120]
            raise TargetError(f"{loaded.name} raises while it is run: {type(error).__name__}: {said}.") from error
    if not found:
        raise TargetError(
            f"no convolution ran in {loaded.name}.", hint="what counts are torch.nn.Conv1d to ConvTranspose3d"
        )
    return list(dict.fromkeys(found))


def _runner(loaded: Loaded) -> Callable[[], Any]:
    """What runs it."""
    import torch

    target, inputs = loaded.target, vars(loaded.module).get(INPUTS)
    is_module = isinstance(target, torch.nn.Module) or (
        isinstance(target, type) and issubclass(target, torch.nn.Module)
    )
    if not is_module:
        return lambda: target()
    if not callable(inputs):
        raise TargetError(
            f"{loaded.name} is a module, and nothing says what it is called with.",
            hint=f"def {INPUTS}(): return (torch.zeros(1, 3, 224, 224),) in its file; or name a function that runs it",
        )
    return lambda: (target() if isinstance(target, type) else target)(*inputs())


@contextmanager
def _noted(found: list[ConvSpec]) -> Iterator[None]:
    """While the model runs, wherever its modules are made."""
    import torch

    def note(module: Any, given: Any) -> None:
        form = next((_FORMS[kind.__name__] for kind in type(module).__mro__ if kind.__name__ in _FORMS), "")
        if form and given and isinstance(given[0], torch.Tensor):
            found.append(_spec(module, form, tuple(given[0].shape)))

    hook = torch.nn.modules.module.register_module_forward_pre_hook(note)
    try:
        yield
    finally:
        hook.remove()


def _spec(module: Any, form: str, shape: tuple[int, ...]) -> ConvSpec:
    """A single sample may come without its axis."""
    axes = int(form[-2])
    said: dict[str, Any] = {
        "conv": form,
        "batch": shape[0] if len(shape) == axes + 2 else 1,
        "size": shape[-axes:],
        "padding": module.padding if isinstance(module.padding, str) else tuple(module.padding),
    }
    alike = ("in_channels", "out_channels", "kernel_size", "stride", "dilation", "groups", "padding_mode")
    said |= {name: getattr(module, name) for name in (*alike, "output_padding")}
    return TorchLayer(**said).spec
