"""Pictures as samples of layers of one, two and three axes, and what is no picture resized like one."""

import cv2
import numpy as np
import pytest

from gradcheck_cli.images.arranged import as_references, as_samples
from gradcheck_cli.images.array_resizing import along

PICTURES = np.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)


def test_every_row_of_a_picture_is_a_sample_of_a_layer_of_one_axis():
    """First all rows of the first picture, each with its channels."""
    x = as_samples(PICTURES, 1)

    assert (8, 3, 1, 5) == x.shape
    for n, row in np.ndindex(2, 4):
        assert np.array_equal(PICTURES[n, :, row], x[4 * n + row, :, 0])


def test_pictures_are_the_depth_of_a_layer_of_three_axes():
    """One sample, whatever their number."""
    x = as_samples(PICTURES, 3)

    assert (1, 3, 2, 4, 5) == x.shape
    assert np.array_equal(PICTURES[1], x[0, :, 1])


def test_pictures_of_a_layer_of_two_axes_stay():
    """As they always were."""
    assert as_samples(PICTURES, 2) is PICTURES


@pytest.mark.parametrize(("axes", "shape"), [(1, (2, 3, 1, 5)), (2, (2, 3, 4, 5)), (3, (2, 3, 4, 5, 6))])
def test_arrays_are_taken_as_they_are(axes, shape):
    """An axis that the layer has not is there with the size 1."""
    values = np.ones((2, 3, *(4, 5, 6)[:axes])) if axes != 1 else np.ones((2, 3, 5))

    assert shape == as_samples(values, axes, pictures=False).shape


def test_each_row_has_its_own_reference_and_a_common_picture_comes_again():
    """The rows of the one picture stand beside the rows of each."""
    each, common = PICTURES[:, :1], PICTURES[:1, :1]

    assert np.array_equal(as_samples(each, 1), as_references(each, (5,), 8))
    twice = as_references(common, (5,), 8)
    assert np.array_equal(twice[:4], twice[4:])
    assert np.array_equal(as_samples(common, 1), twice[:4])


def test_the_reference_of_three_axes_has_the_depth_of_the_output():
    """Between two pictures lies their mean; one alone is the same at every depth."""
    planes = np.stack([np.zeros((1, 2, 2)), np.full((1, 2, 2), 8.0)])

    assert [0.0, 4.0, 8.0] == as_references(planes, (3, 2, 2), 1)[0, 0, :, 0, 0].tolist()
    assert [4.0] == as_references(planes, (1, 2, 2), 1)[0, 0, :, 0, 0].tolist()
    assert [8.0, 8.0] == as_references(planes[1:], (2, 2, 2), 1)[0, 0, :, 0, 0].tolist()


@pytest.mark.parametrize(("size", "length"), [(7, 4), (4, 9), (5, 5), (1, 3), (6, 1), (2, 5)])
def test_an_axis_is_resized_as_opencv_resizes_one(size, length):
    """To rounding."""
    values = np.random.default_rng(0).normal(size=(3, size)).astype(np.float32)

    assert np.allclose(cv2.resize(values, dsize=(length, 3)), along(values, 1, length), rtol=0, atol=1e-5)
    assert np.array_equal(along(values, 1, length), along(values.T.copy(), 0, length).T)
