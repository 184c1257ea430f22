"""Ways to call a function: meanings of its parameters, axis orders, spellings, where its cache comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gradcheck_cli.targets.conventions import binding, meanings
from gradcheck_cli.targets.conventions.base import NotRecognisedError
from gradcheck_cli.targets.conventions.binding import Assignment, Backend, Form, mode_words
from gradcheck_cli.targets.conventions.caches import structure_roles
from gradcheck_cli.targets.conventions.callee import Callee
from gradcheck_cli.targets.conventions.function import FunctionCandidate
from gradcheck_cli.targets.conventions.layout import Layout
from gradcheck_cli.targets.conventions.names import constructor_roles, corners, function_roles

# How an array is called in a layout.
KINDS: Mapping[str, str] = {"x": "x", "weight": "weight", "grad_output": "output"}
# Settings that are one number or several.
SPELLED = (*binding.PAIRS, "kernel_size")
# One array may be another one by the time that it is taken apart; two are not, and names that say it are not either.
CERTAIN = 2
OF_NO_BACKWARD = (
    "name its backward (FILE.py:NAME), or write gradcheck_call() in the file, which returns the gradients "
    "(gradcheck explain calling)"
)
PADDING_MODES = ("same", "valid", "SAME", "VALID")


def function_candidates(
    callee: Callee, forward: Callee | None, layouts: Sequence[Layout], backends: Sequence[Backend]
) -> Iterator[FunctionCandidate]:
    """Ways to call the function, the likeliest first.

    Raises:
        NotRecognisedError: none of its arguments can be dE/dO.
    """
    meanings = list(_assignments(callee, forward))
    with_upstream = [assigned for assigned in meanings if _takes_upstream(callee, assigned)]
    if meanings and not with_upstream:
        tried = ", ".join(f"{name} = {role}" for name, role in meanings[0].items() if name != role)
        sentence = f"{callee.name} takes no gradient dE/dO: is it a forward function?"
        raise NotRecognisedError("run", sentence, tried, hint=OF_NO_BACKWARD)
    for assigned in _without_the_forwards(with_upstream, callee, forward):
        for form in forms(callee, forward, assigned, layouts, backends):
            for cache_from in _cache_sources(assigned, callee, forward):
                plain = FunctionCandidate(
                    callee, assigned, form, forward, cache_from, in_text=_is_in_text(callee, form)
                )
                if not plain.bias_form and form.bias != _bias_forms(form.layout, assigned)[0]:
                    continue  # no b reaches it, in whatever shape: it would be called in the same way again
                yield plain
                if not plain.roles & {"padding", "padding_h"}:
                    yield replace(plain, same=True)
                if not plain.roles & {"stride", "stride_h"} and _reads_a_side(callee):
                    yield replace(plain, blocks=True)


def _without_the_forwards(found: Sequence[Assignment], callee: Callee, forward: Callee | None) -> Sequence[Assignment]:
    """Those in which no argument of the file's own forward is dE/dO, where one that it does not take may be."""
    taken = {item.name for item in forward.parameters} if forward is not None else set()
    if all(item.name in taken for item in callee.parameters if binding.required(item)):
        return found
    left = [one for one in found if not any(one[name] == "grad_output" for name in taken & one.keys())]
    return left or found


def _reads_a_side(callee: Callee) -> bool:
    """Whether it asks for the sizes of its kernel: code that cuts by them has no other way to know them."""
    return bool(callee.source.shape_axes("weight") or callee.source.shape_names("weight"))


def _takes_upstream(callee: Callee, assigned: Assignment) -> bool:
    """Is some argument, or a member of one, the gradient that comes from above?"""
    if "grad_output" in assigned.values():
        return True
    holders = [name for name, role in assigned.items() if role in ("cache", "params")]
    members = set().union(*(structure_roles(callee.source.structure(name) or (), callee.source) for name in holders))
    return "grad_output" in members


def _assignments(callee: Callee, forward: Callee | None) -> Iterator[Assignment]:
    """Meanings of the parameters; names that the forward returns and that tell nothing else are made by it."""
    returned = forward.source.returns()[1:] if forward else []
    made = {item.name: "made" for item in callee.parameters if item.name in returned and _is_made(item.name)}
    if made:
        rest = [item for item in callee.parameters if item.name not in made]
        yield from ({**found, **made} for found in meanings.assignments(rest, ("grad_output", "weight"), callee.source))
    yield from callee.assignments("grad_output", "x", "weight")


def _is_made(name: str) -> bool:
    return bool(name) and not set(function_roles(name)) & {"x", "weight", "bias", "grad_output", "cache"}


def _is_in_text(callee: Callee, form: Form) -> bool:
    hint = callee.source.axes_hint()
    last = form.layout.x.endswith("c")
    first = form.layout.x in ("nchw", "chw", "ncw", "cw")
    return (hint == "last" and last) or (hint == "first" and first)


def forms(
    callee: Callee, forward: Callee | None, assigned: Assignment, layouts: Sequence[Layout], backends: Sequence[Backend]
) -> Iterator[Form]:
    """Axis orders and spellings of the arguments, the likeliest first."""
    contradicted = {layout: _contradicted(callee, assigned, layout) for layout in layouts}
    likely = sorted(
        (layout for layout in layouts if contradicted[layout] < CERTAIN), key=lambda layout: contradicted[layout]
    )
    if likely and not contradicted[likely[0]] and _known_roles(callee, assigned) > 1:
        likely = [layout for layout in likely if not contradicted[layout]]
    spelled = list(_spellings(callee, forward, Form(Layout())))  # the source is walked once, not for every layout
    for library in backends:
        arrays = {"torch": library == "torch", "wrap": library if callable(library) else None}
        for layout in likely:
            for form in spelled:
                for bias in _bias_forms(layout, assigned):
                    yield replace(form, layout=layout, bias=bias, **arrays)  # type: ignore[arg-type]


def _known_roles(callee: Callee, assigned: Assignment) -> int:
    """Of how many arrays the number of axes is told."""
    return sum(callee.source.use(name).axes > 0 for name, role in assigned.items() if role in KINDS)


def _contradicted(callee: Callee, assigned: Assignment, layout: Layout) -> int:
    """How many arrays are taken apart into another number of sizes than they have axes in this layout.

    A kernel that is taken apart into its rows and columns has these axes, and no others in their place.
    """
    counts = [(KINDS[role], callee.source.use(name).axes) for name, role in assigned.items() if role in KINDS]
    by_name = CERTAIN if _has_no_such_taps(callee, layout) else 0
    return by_name + sum(axes not in (0, layout.axes(kind)) for kind, axes in counts)


def _has_no_such_taps(callee: Callee, layout: Layout) -> bool:
    """Whether some name of `kh, kw = w.shape` stands where the layout has no axis of the kernel."""
    letters = layout.letters("weight")
    apart = [names for names in callee.source.shape_names("weight") if len(names) == len(letters)]
    pairs = (pair for names in apart for pair in zip(names, letters, strict=True))
    return any(
        constructor_roles(name)[:1] in (["kernel_h"], ["kernel_w"]) and axis not in "tuv" for name, axis in pairs
    )


def _bias_forms(layout: Layout, assigned: Assignment) -> tuple[str, ...]:
    if not {"bias", "cache"} & set(assigned.values()):
        return ("o",)
    if layout.spatial == 1:
        return ("o", "11o", "1o", "o1") if layout.x.endswith("c") else ("o", "o1", "1o", "1o1", "untied")
    return ("111o", "o", "o1", "11o", "1o") if layout.x == "nhwc" else ("o", "o1", "1o", "o11", "untied")


def _spellings(callee: Callee, forward: Callee | None, plain: Form) -> Iterator[Form]:
    """Numbers or pairs, padding as a number or as a mode; defaults in the signature decide where there are any."""
    callees = [callee] + ([forward] if forward else [])
    defaults = [item.default for one in callees for item in one.parameters]
    pair_default = any(_is_pair(value) for value in defaults)
    mode = any(value in PADDING_MODES for value in defaults if isinstance(value, str))
    literal = any(one.source.mentions(*PADDING_MODES) for one in callees)
    number_default = any(isinstance(value, int) and not isinstance(value, bool) for value in defaults)
    sides = any(one.source.takes_sides(item.name) for one in callees for item in one.parameters)
    plain = replace(plain, words=mode_words([one.source for one in callees]))
    if sides:
        plain, mode, literal = replace(plain, sides=True), False, False
    for form in _taken_apart(callees, plain):
        for pairs in (True,) if pair_default else (False,) if number_default else (False, True):
            for is_mode in (True,) if mode else (False, True) if literal else (False,):
                yield replace(form, pairs=pairs, mode=is_mode, capitals=is_mode and _in_capitals(callees))


def _taken_apart(callees: Sequence[Callee], plain: Form) -> list[Form]:
    """With what is taken apart into so many numbers; code that looks at the type of a setting may take one as well."""
    counts: dict[str, int] = {}
    margins: tuple[str, ...] = ()
    for roles, names in (apart for callee in callees for apart in _apart(callee)):
        sizes = [role for role in roles if role in SPELLED]
        if len(names) == 2 and sizes:
            counts[sizes[0]] = 2
        elif len(names) == 4 and "padding" in sizes:
            margins = corners(names)
    spelled = replace(plain, counts=tuple(counts.items()), corners=margins)
    looks = any(one.source.mentions("isinstance", "len", "type", "hasattr") for one in callees)
    return [spelled] if spelled == plain or not looks else [plain, spelled]


def _apart(callee: Callee) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """(roles, names) of each parameter, and of each setting in one, that is taken apart into so many names."""
    source = callee.source
    for item in callee.parameters:
        names = source.structure(item.name)
        use = source.use(item.name)
        known = tuple(map(str, names)) if isinstance(names, tuple) else ("",) * (use.unpacked or use.places)
        yield source.roles(item.name), known
        for key, parts in source.settings_taken_apart(item.name).items():
            yield function_roles(key), parts


def _is_pair(value: object) -> bool:
    """Whether a default is one number for each axis: of a picture two, of a volume three, of a line one."""
    return isinstance(value, tuple) and 0 < len(value) < 4 and all(isinstance(item, int) for item in value)


def _in_capitals(callees: Sequence[Callee]) -> bool:
    """Whether the mode is spelled "SAME", by a default or, without one, in the code."""
    defaults = [item.default for one in callees for item in one.parameters if isinstance(item.default, str)]
    modes = [value for value in defaults if value in PADDING_MODES]
    if modes:
        return modes[0].isupper()
    return any(one.source.mentions("SAME", "VALID") for one in callees)


def _cache_sources(assigned: Assignment, callee: Callee, forward: Callee | None) -> tuple[str, ...]:
    if "made" in assigned.values():
        return ("returned",)
    if "cache" not in assigned.values():
        return ("",)
    if forward is None:
        return ("filled",)
    return ("forward", "stored", "filled") if _cannot_unpack(assigned, callee, forward) else ("forward", "filled")


def _cannot_unpack(assigned: Assignment, callee: Callee, forward: Callee) -> bool:
    """Does the forward store another number of things than the backward takes out of the cache?"""
    names = [callee.source.structure(name) for name, role in assigned.items() if role == "cache"]
    stored = forward.source.cache_names()
    return bool(stored) and any(isinstance(found, tuple) and len(found) != len(stored) for found in names)
