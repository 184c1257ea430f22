"""Inputs that are no pictures: arrays of any number of channels."""

import numpy as np
import pytest

from gradcheck_cli import images
from gradcheck_cli.images import arrays
from gradcheck_cli.images.refusal import UnreadableError
from gradcheck_cli.model.errors import ImageError, UsageError
from helpers import gradcheck


def saved(folder, name, array):
    """The path of an array in a file."""
    np.save(folder / name, array)
    return str(folder / name)


def test_a_file_of_samples_is_taken_as_it_is(tmp_path):
    """Four axes are (n, c, h, w); nothing is resized or scaled."""
    values = np.arange(2 * 4 * 3 * 5.0).reshape(2, 4, 3, 5)

    [read] = images.read_pictures([saved(tmp_path, "x.npy", values)])

    assert np.array_equal(values, images.batch_of([read], 4, (3, 5)))
    assert np.float32 == images.batch_of([read], 4, (3, 5)).dtype


@pytest.mark.parametrize("shape", [(4, 3, 5), (3, 5)])
def test_fewer_axes_are_one_sample(tmp_path, shape):
    """(c, h, w) and (h, w)."""
    [read] = images.read_pictures([saved(tmp_path, "x.npy", np.ones(shape))])

    assert (1,) * (4 - len(shape)) + shape == read.values.shape


def test_arrays_and_their_samples_join_in_order(tmp_path):
    """A batch of two and a single one are three samples."""
    names = [saved(tmp_path, "a.npy", np.zeros((2, 1, 2, 2))), saved(tmp_path, "b.npy", np.ones((1, 2, 2)))]

    x = images.batch_of(images.read_pictures(names), 1, (2, 2))

    assert [0.0, 0.0, 1.0] == x[:, 0, 0, 0].tolist()
    assert 3 == images.count_samples(names)


def test_a_picture_counts_as_one_sample_without_being_opened():
    """Only arrays are looked into."""
    assert 3 == images.count_samples(["no-such.jpg", "-", "random:1x5x2x2"])


def test_random_numbers_are_the_same_every_time_and_differ_between_two():
    """Whole numbers 0..255."""
    first, second = images.read_pictures(["random:1x5x20x20", "random:1x5x20x20"])
    again, _ = images.read_pictures(["random:1x5x20x20", "random:1x5x20x20"])

    assert np.array_equal(first.values, again.values)
    assert not np.array_equal(first.values, second.values)
    assert (0, 255) == (first.values.min(), first.values.max())


def test_the_reference_is_the_mean_of_the_channels_at_the_size_of_the_output():
    """Of a constant plane per channel it is their mean, whatever the size."""
    values = np.full((2, 3, 4, 4), 1.0) * np.array([1.0, 2.0, 6.0])[:, None, None]
    read = arrays.ArrayInput("x.npy", values.astype(np.float32))

    assert np.array_equal(np.full((2, 1, 2, 3), 3.0), read.gray((2, 3)))


def test_a_tensor_in_a_file_is_read(tmp_path):
    """`torch.save` of one tensor."""
    torch = pytest.importorskip("torch")
    torch.save(torch.arange(12.0).reshape(3, 2, 2), tmp_path / "x.pt")

    [read] = images.read_pictures([tmp_path / "x.pt"])

    assert list(range(12)) == read.values.ravel().tolist()


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros(3), "it holds float64 of shape (3,)"),
        (np.zeros((1, 1, 1, 2, 2)), "it holds float64 of shape (1, 1, 1, 2, 2)"),
        (np.array([["a", "b"]]), "it holds <U1 of shape (1, 2)"),
        (np.zeros((2, 2), complex), "it holds complex128 of shape (2, 2)"),
        (np.array([[1.0, np.nan]]), "it holds numbers that are not finite in float32"),
        (np.array([[1e300, 1.0]]), "it holds numbers that are not finite in float32"),
        (np.zeros((0, 2)), "its shape (0, 2) has 0 numbers"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_what_is_no_input_is_refused_with_the_reason(tmp_path, array, reason):
    """The kind, the shape or the number that cannot be used."""
    with pytest.raises(ImageError, match="cannot read") as caught:
        images.read_pictures([saved(tmp_path, "x.npy", array)])

    assert f"cannot read {tmp_path / 'x.npy'}: {reason}." == caught.value.sentence


@pytest.mark.parametrize("content", [b"no array", b"\x93NUMPY"])
@pytest.mark.parametrize("ending", [".npy", ".pt"])
def test_a_broken_file_is_refused(tmp_path, content, ending):
    """No traceback, whatever is in it."""
    (tmp_path / f"x{ending}").write_bytes(content)

    with pytest.raises(ImageError, match="it holds no array"):
        images.read_pictures([tmp_path / f"x{ending}"])


def test_objects_are_never_unpickled(tmp_path):
    """An array of objects could run code."""
    np.save(tmp_path / "x.npy", np.array([[print]], object), allow_pickle=True)

    with pytest.raises(ImageError, match="it holds no array"):
        images.read_pictures([tmp_path / "x.npy"])


@pytest.mark.parametrize("text", ["", "5", "3xx4", "axb", "1x2x3x4x5", "-1x2"])
def test_a_shape_that_is_none_is_refused(text):
    """The value and how one is written."""
    with pytest.raises(ImageError) as caught:
        images.read_pictures([f"random:{text}"])

    assert f"cannot read random:{text}: {text!r} is no shape." == caught.value.sentence


def test_other_channels_are_refused_with_both_numbers():
    """And the option that fits."""
    [read] = images.read_pictures(["random:5x4x4"])

    with pytest.raises(UsageError) as caught:
        images.batch_of([read], 3, (4, 4))

    assert caught.value.text() == "--in 3 does not fit random:5x4x4: it has 5 channels.\n  hint: --in 5"


def test_another_size_is_refused_with_both_sizes():
    """Arrays are not resized."""
    [read] = images.read_pictures(["random:5x4x6"])

    with pytest.raises(UsageError) as caught:
        images.batch_of([read], 5, (8, 8))

    assert caught.value.text() == (
        "--size 8x8 does not fit random:5x4x6: it is 4x6, and an array is not resized.\n  hint: --size 4x6"
    )


def test_the_other_layer_of_the_post_runs():
    """5 channels, 10 filters, a batch of two: the tables and the answer are those of any other run."""
    done = gradcheck("run", "--in", "5", "--out", "10", "--k", "5", "--size", "20", "random:2x5x20x20")

    assert 0 == done.exit_code, done.stderr
    assert done.stdout.startswith("PASS  Method: dE/dF[o,i] = corr(X[i], G[o]) is right. Code: right.")
    assert "Reproduce  gradcheck run --in 5 --out 10 --k 5 --size 20" in done.stdout


@pytest.mark.parametrize(
    ("axes", "shape", "samples"),
    [
        (1, (7,), (1, 1, 7)),
        (1, (2, 7), (1, 2, 7)),
        (3, (3, 4, 5), (1, 1, 3, 4, 5)),
        (3, (2, 1, 3, 4, 5), (2, 1, 3, 4, 5)),
    ],
)
def test_an_array_has_as_many_axes_as_the_layer_and_up_to_two_before_them(tmp_path, axes, shape, samples):
    """Samples and channels may be left out."""
    assert samples == arrays.read_array(saved(tmp_path, "x.npy", np.ones(shape)), axes=axes).values.shape


@pytest.mark.parametrize(
    ("axes", "shape", "needed"),
    [(1, "1x2x3x4", "random:8x5x100 for (n, c, l)"), (3, "3x4", "random:1x5x9x20x20 for (n, c, d, h, w)")],
)
def test_a_random_shape_of_other_axes_is_refused_with_one_that_fits(axes, shape, needed):
    """Of the layer that was asked for."""
    with pytest.raises(UnreadableError) as caught:
        arrays.read_array(f"random:{shape}", axes=axes)

    assert f"write {needed}" == caught.value.hint


def test_the_reference_of_a_line_and_of_a_volume_is_the_mean_of_the_channels_at_the_size_of_the_output():
    """Resized along every axis."""
    line = arrays.ArrayInput("x", np.float32([[[0, 2, 4, 6], [2, 4, 6, 8]]]))
    volume = arrays.ArrayInput("x", np.float32([[[[[1, 3]], [[5, 7]]]]]))

    assert [[[2.0, 6.0]]] == line.gray((2,)).tolist()
    assert [[[[[4.0]]]]] == volume.gray((1, 1, 1)).tolist()
