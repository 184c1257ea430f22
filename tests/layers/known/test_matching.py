"""A forward is recognised by its values: whatever the names, the order of arguments and of axes, and the eps."""

import numpy as np
import pytest

from gradcheck_cli.layers.known import KNOWN, ObservedCall, equals_known, matches

rng = np.random.default_rng(3)


def seen(forward, *shapes, **constants):
    """Two calls of a forward of the user's, of different sizes, as the child would tell of them."""
    found = []
    for grow in (0, 2):
        names = forward.__code__.co_varnames[: len(shapes)]
        values = {
            name: rng.standard_normal([size + grow * (size > 1) for size in shape])
            for name, shape in zip(names, shapes, strict=True)
        }
        result = forward(**values, **constants)
        outputs = [part for part in (result if isinstance(result, tuple) else (result,)) if np.ndim(part) or part]
        found.append(ObservedCall({**values, **constants}, [part for part in outputs if not isinstance(part, tuple)]))
    return found


def affine_forward(x, w, b):
    """A course's."""
    out = x.reshape(len(x), -1).dot(w) + b
    return out, (x, w, b)


def test_a_course_s_affine_layer_with_its_cache_is_linear():
    """Pictures are flattened by the layer itself: every axis but the first is merged."""
    samples = [
        ObservedCall(values := {"x": rng.normal(size=(n, 2, 3)), "w": rng.normal(size=(6, 4)), "b": rng.normal(size=4)},
                 [affine_forward(**values)[0]])
        for n in (3, 5)
    ]  # fmt: skip
    match = equals_known(samples, "affine_forward")
    assert ("linear", {"x": "x", "w": "weight", "b": "bias"}) == (match.layer.id, match.names)
    theirs, grad_output = samples[0].values, rng.normal(size=(3, 4))
    ours = match.layer.gradients(match.values(theirs), match.upstream(theirs, [grad_output]))
    gradients = match.gradients(ours, theirs)
    assert np.array_equal((grad_output @ theirs["w"].T).reshape(3, 2, 3), gradients["x"])
    assert np.array_equal(theirs["x"].reshape(3, 6).T @ grad_output, gradients["w"])
    assert np.array_equal(grad_output.sum(0), gradients["b"])


def columns(kernel, beta, activations):
    """Samples side by side."""
    return kernel @ activations + beta


def test_samples_in_columns_are_linear_too():
    """z = W a + b with the samples side by side and b as a column, in an order of arguments of their own."""
    match = equals_known(seen(columns, (4, 3), (4, 1), (3, 6)))
    assert ("linear", {"x": (1, 0), "weight": (1, 0), "out": (1, 0)}) == (match.layer.id, dict(match.arrangement))
    assert {"activations": "x", "kernel": "weight", "beta": "bias"} == match.names


def norm(inp, shift, gain):
    """Another order of arguments, another eps."""
    spread = np.sqrt(((inp - inp.mean(-1, keepdims=True)) ** 2).mean(-1, keepdims=True) + 1e-6)
    return (inp - inp.mean(-1, keepdims=True)) / spread * gain + shift


def test_layer_norm_is_told_whatever_its_eps_and_the_order_of_its_arguments():
    """eps is found by trial; gain and shift have the same shape, so only trial tells which is which."""
    match = equals_known(seen(norm, (2, 3, 5), (5,), (5,)))
    assert ("layer-norm", 1e-6) == (match.layer.id, match.settings["eps"])
    assert {"inp": "x", "gain": "weight", "shift": "bias"} == match.names


def norm_with_param(x, gamma, beta, ln_param):
    """A constant in a dict."""
    centred = x - x.mean(1, keepdims=True)
    return gamma * centred / np.sqrt((centred**2).mean(1, keepdims=True) + ln_param["eps"]) + beta


def test_a_constant_in_a_course_s_dict_is_taken_from_there():
    """ln_param["eps"] is eps, and no other is tried."""
    match = equals_known(seen(norm_with_param, (4, 5), (5,), (5,), ln_param={"eps": 0.3}))
    assert ("layer-norm", 0.3) == (match.layer.id, match.settings["eps"])


def softmax_of_columns(z):
    """Along the first axis, nothing subtracted."""
    e = np.exp(z)
    return e / e.sum(0)


def test_softmax_along_the_first_axis_is_softmax():
    """And without the subtraction: it is the values that count."""
    match = equals_known(seen(softmax_of_columns, (4, 3)))
    assert ("softmax", {"x": (1, 0), "out": (1, 0)}) == (match.layer.id, dict(match.arrangement))


def almost_softmax(z):
    """Not quite."""
    e = np.exp(z)
    return e / (e.sum(-1, keepdims=True) + 1e-9)


def unbiased(x, w, b):
    """D - 1."""
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, ddof=1, keepdims=True) + 1e-5) * w + b


def scaled(x, w, b):
    """Twice."""
    return 2 * (x @ w) + b


@pytest.mark.parametrize(
    ("forward", "shapes"),
    [(almost_softmax, [(4, 3)]), (unbiased, [(4, 5), (5,), (5,)]), (scaled, [(4, 5), (5, 3), (3,)])],
    ids=["softmax", "layer-norm", "linear"],
)
def test_what_is_only_near_a_layer_is_none(forward, shapes):
    """A part in a billion is a difference; so is a variance of D - 1, and a factor, also under the layer's name."""
    assert equals_known(seen(forward, *shapes), forward.__name__) is None


def test_a_layer_that_fits_the_first_sample_alone_is_none():
    """An accident of one sample is not believed."""
    first = ObservedCall({"x": np.zeros((2, 3))}, [np.full((2, 3), 1 / 3)])
    second = ObservedCall({"x": np.array([[0.0, 1.0, 2.0]])}, [np.full((1, 3), 1 / 3)])
    assert "softmax" == equals_known([first]).layer.id
    assert equals_known([first, second]) is None


@pytest.mark.parametrize("layer", KNOWN.values(), ids=lambda layer: layer.id)
def test_a_layer_under_foreign_names_and_in_another_order_is_that_layer_and_no_other(layer):
    """Its arguments back to front, called p0, p1 ..., its constants not told, on two sizes: only the values speak."""
    samples = []
    for grown in (0, 1):
        values = {**layer.sample(grown, layer.sizes_grown(grown))}
        values = {**values, "mask": None} if layer.id == "attention" else values
        arrays = [value for value in values.values() if isinstance(value, np.ndarray)]
        named = {f"p{place}": array for place, array in enumerate(reversed(arrays))}
        samples.append(ObservedCall(named, layer.outputs_of(values)))
    assert [layer.id] == [match.layer.id for match in matches(samples)]


def test_pictures_with_channels_last_are_pooled():
    """(n, h, w, c): the same layer in another order of axes, and its gradient in theirs."""
    x = rng.normal(size=(2, 4, 6, 3))
    pooled = x.reshape(2, 2, 2, 3, 2, 3).max(axis=(2, 4))
    match = equals_known([ObservedCall({"A_prev": x, "hparameters": {"f": 2, "stride": 2}}, [pooled])], "pool_forward")
    assert ("max-pool", {"x": (0, 3, 1, 2), "out": (0, 3, 1, 2)}) == (match.layer.id, dict(match.arrangement))
    theirs = {"A_prev": x, "hparameters": {"f": 2, "stride": 2}}
    grad_output = rng.normal(size=pooled.shape)
    ours = match.layer.gradients(match.values(theirs), match.upstream(theirs, [grad_output]))
    expected = np.where(x == pooled.repeat(2, 1).repeat(2, 2), grad_output.repeat(2, 1).repeat(2, 2), 0)
    assert np.array_equal(expected, match.gradients(ours, theirs)["A_prev"])


def test_spatial_batch_norm_is_batch_norm_of_every_place():
    """(n, c, h, w): all axes but the channels are the batch; running statistics in the dict are not needed."""

    def forward(x, gamma, beta):
        mean, var = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
        return gamma[:, None, None] * (x - mean) / np.sqrt(var + 1e-5) + beta[:, None, None]

    param = {"mode": "train", "eps": 1e-5, "momentum": 0.9, "running_mean": np.zeros(3)}
    values = {"x": rng.normal(size=(2, 3, 4, 5)), "gamma": rng.normal(size=3), "beta": rng.normal(size=3)}
    match = equals_known(
        [ObservedCall({**values, "bn_param": param}, [forward(**values)])], "spatial_batchnorm_forward"
    )
    assert ("batch-norm", (0, 2, 3, 1)) == (match.layer.id, match.arrangement["x"])
    ours = match.layer.gradients(match.values(values), match.upstream(values, [values["x"]]))
    gradients = match.gradients(ours, values)
    assert {name: value.shape for name, value in gradients.items()} == {n: v.shape for n, v in values.items()}


def test_of_several_outputs_each_is_found():
    """An LSTM step that returns the cell first; the gradient of an output that is None is zero."""
    layer = KNOWN["lstm-cell"]
    values = layer.sample(0)
    next_h, next_c = layer.outputs_of(values)
    theirs = {name: value for name, value in values.items() if name != "order"}
    match = equals_known([ObservedCall(theirs, [next_c, next_h])])
    assert ("lstm-cell", (1, 0)) == (match.layer.id, match.outputs)
    dnext_h, dnext_c = match.upstream(theirs, [None, next_h])
    assert np.array_equal(next_h, dnext_h)
    assert not dnext_c.any()


def test_each_call_may_have_its_own_constants():
    """eps is theirs to choose; a match reads it from the call."""
    one, other = (seen(norm_with_param, (4, 5), (5,), (5,), ln_param={"eps": eps})[0] for eps in (0.3, 0.1))
    match = equals_known([one, other])
    assert (0.3, 0.1) == tuple(match.values(each.values)["eps"] for each in (one, other))


@pytest.mark.parametrize("layer", [layer for layer in KNOWN.values() if layer.is_exact], ids=lambda layer: layer.id)
def test_exact_points_are_handed_over_in_their_names(layer):
    """In a call of any sizes; forward and hand-written backward are then the same whatever the order of operations."""
    theirs = {f"their_{name}": value for name, value in layer.sample(0).items() if isinstance(value, np.ndarray)}
    exact = layer.exact_sample(5)
    constants = {name: exact[name] for name in layer.defaults}
    observed = ObservedCall({**theirs, **constants}, layer.outputs_of({**layer.sample(0), **constants}))
    match = equals_known([observed], layer.id)
    found = match.exact({**theirs, **constants}, 5)
    assert set(found) == {*theirs, *constants}
    for name, argument in match.names.items():
        expected = layer.exact_sample(5, match.sizes(theirs))[argument]
        assert np.array_equal(expected, found[name])


def test_there_are_no_exact_points_where_eps_counts():
    """0.3 is not lost beside the largest s that is used."""
    (sample, _) = seen(norm_with_param, (4, 5), (5,), (5,), ln_param={"eps": 0.3})
    assert equals_known([sample]).exact(sample.values, 0) is None
