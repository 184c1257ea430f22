"""Recognises how a target wants to be called, by trying every convention met in the wild on small cases.

Where to look, in the order in which it happens; each module says in its first line what it does.

What the text says, without running it:
    names use nodes source listed defaults automatic kinds axes_said written_kernel one_tap one_of_many multiplier
    constructor_use methods callee callees meanings pairing misfed
How arrays lie, and on what is tried:
    layouts layout layout_notes filter_order bias_times alike probes in_common
Build, an object of the target's class:
    slots settings holders construct stand_ins wiring instance promised layer_build
Run, with everything in its place:
    binding handing caches forward_run context calling padding_form same own_types backprop node_operator
    layer_run
Read, which result is which gradient:
    results reading exposure state stepped handed_back forgotten layer_read
The ways to call, made of these three steps:
    base candidates assigned function function_search by_forward closure as_closure layer layer_way
    layer_words layer_search by_behaviour square_images whole_blocks autograd_function call call_tried unvaried
Choose one of them, for reasons that have names:
    recognise attempt reasons enough failing troubles
Ask what was chosen whether it is one:
    confirm confirm_function parts beside own_forward own_derivative another_layer other_kinds one_channel suggest
"""

from gradcheck_cli.targets.conventions.attempt import Chosen as Chosen
from gradcheck_cli.targets.conventions.base import (
    AmbiguousError as AmbiguousError,
    NotRecognisedError as NotRecognisedError,
)
from gradcheck_cli.targets.conventions.recognise import (
    check_convention as check_convention,
    recognise as recognise,
    recognise_by_names as recognise_by_names,
)
