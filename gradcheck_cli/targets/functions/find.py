"""From what was loaded to a form: a pair, a class, a Function; what it is decides how it is called."""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from gradcheck_cli.model import syntax
from gradcheck_cli.targets.functions.autograd import AutogradForm
from gradcheck_cli.targets.functions.buffers import returning
from gradcheck_cli.targets.functions.composed import ComposedPair, composed_pair, compositions_among
from gradcheck_cli.targets.functions.custom_operator import custom_operator, is_custom_operator
from gradcheck_cli.targets.functions.engine import (
    GRAPH_OF,
    Engine,
    OperationForm,
    operation_forms,
    refuse_where_wrong,
    walk_form,
)
from gradcheck_cli.targets.functions.engines import operations_of, walk_of
from gradcheck_cli.targets.functions.factories import handed_out, made_by
from gradcheck_cli.targets.functions.forces import with_sign
from gradcheck_cli.targets.functions.form import NotAFunctionError, WrittenFunction
from gradcheck_cli.targets.functions.gates import GateForm, gate_of
from gradcheck_cli.targets.functions.hessians import by_first_argument
from gradcheck_cli.targets.functions.inputs.proposals import SIZES
from gradcheck_cli.targets.functions.kept_arguments import kept_pair
from gradcheck_cli.targets.functions.layer import LayerForm, MadeObject, layer_forms, made_as, objects_of
from gradcheck_cli.targets.functions.loss import LossForm, gives_gradients
from gradcheck_cli.targets.functions.made_loss import made_losses
from gradcheck_cli.targets.functions.made_pair import in_made_shapes, made_pairs
from gradcheck_cli.targets.functions.made_with import are_made_with, made_with
from gradcheck_cli.targets.functions.making import Making
from gradcheck_cli.targets.functions.methods import Methods, are_static, keeps_nothing, method_names
from gradcheck_cli.targets.functions.module import module_forms
from gradcheck_cli.targets.functions.module_arrays import of_module_arrays, pair_of_module_arrays
from gradcheck_cli.targets.functions.module_pair import module_pairs
from gradcheck_cli.targets.functions.net import NetForm, NetMethods
from gradcheck_cli.targets.functions.network import makings_of, network_forms, network_forward, reads_keys
from gradcheck_cli.targets.functions.network_wiring import initializes
from gradcheck_cli.targets.functions.objectives import gives_as_others_do
from gradcheck_cli.targets.functions.of_output import is_handed_results
from gradcheck_cli.targets.functions.on_tensors import is_of_torch, on_tensors
from gradcheck_cli.targets.functions.output_loss import compared_forms, target_of
from gradcheck_cli.targets.functions.pair import PairForm
from gradcheck_cli.targets.functions.pairs import Defined, backward_for, defined_by, is_hessian, pairs_among
from gradcheck_cli.targets.functions.plain import PlainFunction
from gradcheck_cli.targets.functions.pointwise import pointwise_pairs
from gradcheck_cli.targets.functions.precomputed import computes_before, with_precomputed
from gradcheck_cli.targets.functions.reading import returned_names
from gradcheck_cli.targets.functions.spelling import (
    LOSS_WORDS,
    backwards_among,
    base_of,
    is_upstream,
    tokens,
)
from gradcheck_cli.targets.functions.stand_ins import with_stand_ins
from gradcheck_cli.targets.functions.unpacked import unpacked
from gradcheck_cli.targets.functions.ways_back import pulled_back, way_back
from gradcheck_cli.targets.load import Loaded
from gradcheck_cli.targets.resolve import definitions
from gradcheck_cli.targets.torch_classes import is_autograd_function, is_module


def forms_of(loaded: Loaded) -> Iterator[WrittenFunction]:
    """What the target may be, as far as its place and its names tell; the likeliest first.

    Raises:
        NotAFunctionError: nothing here is a function with a backward.
    """
    owner = loaded.target if isinstance(loaded.target, type) else loaded.owner
    if is_autograd_function(owner):
        yield AutogradForm(owner, _with_callees(loaded, owner.__name__))
    elif is_custom_operator(loaded.target):
        yield custom_operator(loaded.target, _with_callees(loaded, loaded.name))
    elif is_module(owner or loaded.target) and not _has_backward(owner or type(loaded.target)):
        yield from module_forms(loaded, owner or loaded.target, _with_callees(loaded, loaded.name))
    elif is_of_engine(loaded):
        yield from _engine(loaded, owner)
    elif owner is not None:
        yield from _layer(loaded, owner)
    else:
        yield from _functions(loaded)


def _functions(loaded: Loaded) -> Iterator[WrittenFunction]:
    """A pair, or a loss that gives its gradients; in the larger thing that they are a part of first."""
    if (inside := _pair_inside(loaded)) is not None:
        yield from _on_what_it_takes(inside)
        return
    names = functions_of(loaded)
    defined = {name: defined_by(loaded.node(name)) for name in names}
    pairs = pairs_among(defined)
    if modules := list(_module_pairs(loaded, pairs)):
        yield from modules
        return
    composed = _composed(loaded, defined, pairs)
    alone = _pair(loaded, pairs) if composed is None else composed.alone
    has_keys = isinstance(alone, PairForm) and reads_keys(alone.fore)
    # Only beside one that makes parameters is the text of every function of use.
    functions = {name: _function(loaded, name) for name in names} if has_keys or any(map(initializes, names)) else {}
    if isinstance(alone, LossForm):
        alone = LossForm(unpacked(PairForm(alone.function, alone.function), vars(loaded.module)).fore)
        yield from made_losses(alone, functions)
        yield from of_module_arrays(alone, vars(loaded.module))
        yield from _on_what_it_takes(alone)
        return
    if functions:
        yield from network_forms(functions, network_forward(functions, alone.fore.name), alone.back.name)
        yield from made_pairs(alone, makings_of(functions, alone.fore.name))
    yield from pointwise_pairs(composed or alone)
    before = {name: _function(loaded, name) for name in names if computes_before(name)}
    alone = with_precomputed(alone, before) if composed is None else alone
    if composed is None:
        yield from pair_of_module_arrays(alone, vars(loaded.module))
    pair = composed or unpacked(alone, vars(loaded.module))
    pair = replace(pair, is_of_result=is_handed_results(loaded.tree, pair.fore.name, pair.back.name))
    for each in in_made_shapes(pair, composed or alone, vars(loaded.module)):
        yield from _on_what_it_takes(each)


def takes_what_its_forward_takes(loaded: Loaded) -> bool:
    """Is the target a function that is handed what its forward is, and no G, as none of a convolution is?"""
    defined = {name: defined_by(loaded.node(name)) for name in functions_of(loaded)} if loaded.owner is None else {}
    forward = pairs_among(defined).get(loaded.name, "")
    return bool(forward) and set(defined[forward].parameters) == set(defined[loaded.name].parameters)


def is_of_engine(loaded: Loaded) -> bool:
    """Is the target an operation of an engine, or its walk?"""
    return walk_of(loaded.node(getattr(loaded.owner, "__name__", ""))) != ""


def _engine(loaded: Loaded, owner: Any) -> Iterator[WrittenFunction]:
    title = owner.__name__
    node = loaded.node(title)
    walk = walk_of(node)
    engine = Engine(owner, walk, _with_callees(loaded, title), loaded.node(f"{title}.{walk}"))

    def operation(name: str) -> Iterator[OperationForm]:
        place = f"{title}.{name}"
        definition = loaded.node(place)
        text = "" if definition is None else _text(loaded, definition)
        return operation_forms(engine, PlainFunction(getattr(owner, name), definition, name, text), place)

    if loaded.name in operations_of(node):
        yield from operation(loaded.name)
    else:
        refuse_where_wrong([form for name in GRAPH_OF for form in operation(name)])
        yield walk_form(engine, f"{title}.{loaded.name}")


def _has_backward(owner: type) -> bool:
    """A Module that writes its own backward method is called as any other object is."""
    return any("backward" in vars(kind) for kind in owner.__mro__ if not kind.__module__.startswith("torch"))


def _layer(loaded: Loaded, owner: type) -> Iterator[WrittenFunction]:
    """An object; what its backward's return statement says stands where the method is defined."""
    asked, text = "" if loaded.target is owner else loaded.name, _with_callees(loaded, owner.__name__)
    fore, back = method_names(owner, asked)
    if fore and back and are_made_with(owner, fore, back):
        of_new = partial(_of_new_object, loaded, owner, text)
        found = with_sign(PairForm(of_new(fore), of_new(back)))
        yield from pointwise_pairs(found)
        yield from _on_what_it_takes(found)
        return
    if fore and back and (kept := _kept(loaded, owner, fore, back)) is not None:
        yield from _on_what_it_takes(kept)
    if fore and back and are_static(owner, fore, back):
        found = PairForm(*returning(*(_method(loaded, owner, owner, name) for name in (fore, back))))
        yield from pointwise_pairs(found)
        yield replace(found, is_of_result=is_handed_results(loaded.tree, fore, back))
    elif fore and back and keeps_nothing(owner, fore, back):
        yield from _bound(loaded, owner, fore, back)
    elif fore and back and (gate := _gate(loaded, owner, fore, back)) is not None:
        yield gate
        return
    net = "" if back else _loss_method(loaded, owner)
    if net:
        yield from _nets(loaded, owner, net, objects_of(owner, text, (net,)))
        return
    said = _returned_by(loaded, owner, back)
    target = target_of(owner, fore, back) if fore and back else ""
    if target:
        losses = [_function(loaded, name) for name in functions_of(loaded) if set(tokens(name)) & LOSS_WORDS]
        yield from compared_forms(
            Methods(owner, fore, back), target, objects_of(owner, text, (fore, back)), (said, text), losses
        )
    yield from layer_forms(owner, said, text, asked, vars(loaded.module))


def layers_as_made(loaded: Loaded, makings: Sequence[Making]) -> Iterator[LayerForm]:
    """The target as an object that is made in one of these ways; none where it is no method's or class's.

    Raises:
        NotAFunctionError: it lacks a method.
    """
    owner = loaded.target if isinstance(loaded.target, type) else loaded.owner
    if owner is not None and makings and not is_autograd_function(owner):
        asked, text = "" if loaded.target is owner else loaded.name, _with_callees(loaded, owner.__name__)
        back = method_names(owner, asked)[1]
        net = "" if back else _loss_method(loaded, owner)
        if net:
            yield from _nets(loaded, owner, net, map(made_as, makings))
            return
        yield from layer_forms(owner, _returned_by(loaded, owner, back), text, asked, vars(loaded.module), makings)


def _nets(loaded: Loaded, owner: type, net: str, objects: Iterable[MadeObject]) -> Iterator[NetForm]:
    """An object whose one method gives a loss and its gradients, for each way in which it is made."""
    names = tuple(returned_names(loaded.node(f"{owner.__name__}.{net}")))
    methods, text = NetMethods(owner, net, net, names=names), _with_callees(loaded, owner.__name__)
    for made in objects:
        yield NetForm(made.making, made.states, methods, names, text, made.switches)


def _returned_by(loaded: Loaded, owner: type, back: str) -> list[str]:
    """What the return statement of a method says, where it is defined."""
    return returned_names(_definition(loaded, owner, back))


def _definition(loaded: Loaded, owner: type, name: str) -> ast.AST | None:
    """A method, in the class of the file that defines it."""
    nodes = (loaded.node(f"{kind.__name__}.{name}") for kind in owner.__mro__)
    return next((node for node in nodes if node is not None), None)


def _loss_method(loaded: Loaded, owner: type) -> str:
    """The method of a class that gives a loss and its gradients; "" for none."""
    names = (name for name in vars(owner) if not name.startswith("_"))
    return next((name for name in names if gives_gradients(loaded.node(f"{owner.__name__}.{name}"))), "")


def _on_what_it_takes(form: PairForm | LossForm) -> Iterator[WrittenFunction]:
    """On tensors first where its text speaks of torch, else on arrays alone."""
    yield from (on_tensors(form), form) if is_of_torch(form) else (form,)


def _pair(loaded: Loaded, pairs: Mapping[str, str]) -> PairForm | LossForm:
    """The target is a backward, or a forward whose backward stands beside it."""
    name = loaded.name
    if not callable(loaded.target):
        raise NotAFunctionError("build", f"{name} is no function")
    forward, backward = (pairs[name], name) if name in pairs else (name, backward_for(name, pairs))
    if backward and _is_whole_by_itself(loaded, forward, backward):
        return LossForm(_function(loaded, backward))
    if backward:
        back = _function(loaded, backward)
        back = by_first_argument(back) if is_hessian(backward) else back
        return with_sign(PairForm(*returning(_function(loaded, forward), back)))
    if gives_gradients(loaded.node(name)) or gives_as_others_do(name, definitions(loaded.tree)):
        return LossForm(_function(loaded, name))
    if is_a_backward(loaded):
        raise lacks_a_forward(name)
    beside = f"write {_named(name, 'backward')}(dout, ...) beside it, or name the function that goes backward"
    raise NotAFunctionError("build", f"no backward of {name} stands in its file", beside)


def _is_whole_by_itself(loaded: Loaded, forward: str, backward: str) -> bool:
    """Does a backward that is handed no G call its forward, and give the loss and its gradients?"""
    node = loaded.node(backward)
    defined = defined_by(node)
    return forward in defined.calls and not any(map(is_upstream, defined.needed)) and gives_gradients(node)


def is_a_backward(loaded: Loaded) -> bool:
    """Does the name of the target say that it is a backward?"""
    return loaded.name in backwards_among(functions_of(loaded))


def lacks_a_forward(name: str) -> NotAFunctionError:
    """The refusal of a backward beside which nothing stands that it could be the derivative of."""
    beside = f"write {_named(name, 'forward')} beside it, which returns the output, or (output, cache)"
    return NotAFunctionError("build", f"no forward of {name} stands in its file", beside)


def _named(name: str, direction: str) -> str:
    return "_".join((*base_of(name), direction))


def _pair_inside(loaded: Loaded) -> PairForm | None:
    """The forward and the backward that a function hands out; None where it is a function of another kind."""
    node, source = loaded.node(loaded.name), _with_callees(loaded, loaded.name)
    if (handed := handed_out(node)) is not None:
        return PairForm(*made_by(loaded.target, handed, loaded.name, source))
    back = way_back(node)
    return None if back is None else PairForm(*pulled_back(loaded.target, back, loaded.name, source))


def _composed(loaded: Loaded, defined: Mapping[str, Defined], pairs: Mapping[str, str]) -> ComposedPair | None:
    """What the target goes back through, where that is more than a forward; of a loss with no backward of its own."""
    for back, composition in compositions_among(defined, pairs).items():
        if loaded.name in (back, composition.fore) or (
            loaded.name in composition.losses and loaded.name not in pairs.values()
        ):
            return composed_pair(composition, _function(loaded, back), partial(_function, loaded))
    return None


def _module_pairs(loaded: Loaded, pairs: Mapping[str, str]) -> Iterator[WrittenFunction]:
    """A backward of a Module, where no function of its file is its forward."""
    if loaded.name in backwards_among(functions_of(loaded)) and loaded.name not in pairs:
        yield from module_pairs(loaded, _function(loaded, loaded.name), partial(_with_callees, loaded))


def functions_of(loaded: Loaded) -> dict[str, Any]:
    """The functions that the file itself defines, and those that it has bound to a name of its own."""
    return {
        name: value
        for name, value in vars(loaded.module).items()
        if inspect.isroutine(value) and (loaded.node(name) is not None or name == loaded.name)
    }


def _function(loaded: Loaded, name: str) -> PlainFunction:
    call, source = vars(loaded.module).get(name, loaded.target), _with_callees(loaded, name)
    return with_stand_ins(PlainFunction(call, loaded.node(name), name, source))


def _gate(loaded: Loaded, owner: type, fore: str, back: str) -> GateForm | None:
    return gate_of(owner, fore, back, loaded.node, vars(loaded.module), _with_callees(loaded, owner.__name__))


def _bound(loaded: Loaded, owner: type, fore: str, back: str) -> Iterator[WrittenFunction]:
    """Two methods that hand each other nothing through their object: two functions, of an object with no weights."""
    for made in objects_of(owner, _with_callees(loaded, owner.__name__), (fore, back)):
        if any(made.states):
            return
        held = made.making.instance(SIZES[0])
        pair = with_sign(PairForm(_method(loaded, owner, held, fore), _method(loaded, owner, held, back)))
        yield from pointwise_pairs(pair)
        pair = unpacked(pair, vars(loaded.module))
        yield from _on_what_it_takes(pair)


def _kept(loaded: Loaded, owner: type, fore: str, back: str) -> PairForm | None:
    """Of an object that only keeps what it is made with."""
    whole = loaded.node(owner.__name__)
    words = "" if whole is None else _text(loaded, whole)
    found = kept_pair(owner, fore, back, partial(_definition, loaded, owner), words)
    return None if found is None else with_sign(found)


def _of_new_object(loaded: Loaded, owner: type, text: str, name: str) -> PlainFunction:
    return made_with(owner, loaded.node(f"{owner.__name__}.{name}"), name, text)


def _method(loaded: Loaded, owner: type, held: Any, name: str) -> PlainFunction:
    """A method of a class or of an object, as a function."""
    place = f"{owner.__name__}.{name}"
    return PlainFunction(getattr(held, name), loaded.node(place), name, _with_callees(loaded, place))


def _with_callees(loaded: Loaded, name: str) -> str:
    """The text of a function and of all functions of its file that it uses: what they read of a dict of settings.

    With the tables of words that they look something up in, `ACTIVATIONS[kind]`.
    """
    texts: dict[str, str] = {}
    waiting = [name]
    while waiting:
        node = loaded.node(waiting.pop())
        if node is None or getattr(node, "name", "") in texts:
            continue
        texts[getattr(node, "name", "")] = _text(loaded, node)
        waiting += [inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)]
    used = {inner.id for text in texts.values() for inner in syntax.nodes_in(text) if isinstance(inner, ast.Name)}
    return "\n".join([*texts.values(), *(text for table, text in _tables(loaded).items() if table in used)])


def _tables(loaded: Loaded) -> dict[str, str]:
    """The dicts with words for keys that stand in a file by a name, and that name as their text."""
    found: dict[str, str] = {}
    for node in loaded.tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict) and isinstance(node.targets[0], ast.Name):
            keys = node.value.keys
            if keys and all(isinstance(key, ast.Constant) and isinstance(key.value, str) for key in keys):
                found[node.targets[0].id] = ast.unparse(node)
    return found


def _text(loaded: Loaded, node: ast.AST) -> str:
    """As it stands in the file, with its comments; without them where it does not stand alone."""
    lines = linecache.getlines(loaded.module.__file__ or "")
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    text = textwrap.dedent("".join(lines[first - 1 : last]))
    try:
        return text if ast.dump(syntax.parse(text).body[0]) == ast.dump(node) else ast.unparse(node)
    except (SyntaxError, IndexError):
        return ast.unparse(node)
