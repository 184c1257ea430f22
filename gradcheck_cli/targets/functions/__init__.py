"""Targets that are any function: found, called and read in the child. What they should give is known elsewhere.

Where to look, in the order in which it happens; each module says in its first line what it does. What a function is
given stands in `inputs`.

What the text says, without running it:
    spelling listing pairs by_use directions linearity objectives engines members measuring pointwise reading
    read_later read_part slopes writes casts constants
From what was loaded to a form:
    find either of_convolutions factories ways_back outline form plain wrapped
Forms of functions:
    pair loss made_pair made_loss total_loss mean_loss usual_losses vector_loss compared forces hessians jacobians
    network network_wiring keyed composed averaged bilinear of_output spelled reference
Forms of torch:
    autograd module module_pair custom_operator on_tensors tensors single another_layer
Forms of objects:
    layer net engine gates kept_arguments node_functions output_loss own_term last_layer made_object made_with methods
    state
Build an object:
    constructing making configuration hyperparameters left_open prefixed
Hand over, and ask:
    unpacked nested precomputed module_arrays stand_ins context buffers upstreams other_argument owed
    circumstances recording in_place several_losses
The two ends of the line to the child:
    client service packing
"""
