"""The script of the forum post, written down from its description, as a whole process to measure against.

It imports what the post imported, reads one picture in colour and in gray, runs a layer of 3 filters 3x32x32 forward
and backward under the L1 loss, and draws the three panels. Two things differ: the panels go to a temporary file where
the post opened a window, and one picture stands in for both of the post's.

    python benchmarks/forum_script.py PICTURE
"""

import sys
import tempfile

import cv2
import matplotlib
import numpy as np
import torch

matplotlib.use("Agg")
import matplotlib.pyplot as plt


class OneLayer(torch.nn.Module):
    """The post's module: a single convolution."""

    def __init__(self, in_channels, out_channels, kernel_size):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(in_channels, out_channels, kernel_size, stride=1)

    def forward(self, x):
        """O = conv(x)."""
        return self.conv1(x)


def read_colour(name):
    """(1, 3, 256, 256) float32, 0..255."""
    image = cv2.resize(cv2.imread(name).astype(np.float32), dsize=(256, 256))
    return torch.from_numpy(np.ascontiguousarray(np.rollaxis(image, 2))).unsqueeze(0)


def read_gray(name):
    """(1, 1, 225, 225) float32, 0..255."""
    image = cv2.resize(cv2.imread(name, 0).astype(np.float32), dsize=(225, 225))
    return torch.from_numpy(image).unsqueeze(0).unsqueeze(0)


def main(name):
    """The post, from the pictures to the panels."""
    reference = read_gray(name)
    first, second = read_colour(name), read_colour(name)
    both = torch.cat((first, second), 0)
    print(both.shape)
    model = OneLayer(3, 3, 32)
    loss = torch.abs(model(first) - reference).mean()
    print(loss)
    loss.backward()
    print(model.conv1.weight.grad)
    for channel in range(3):
        plt.subplot(131 + channel)
        plt.imshow(model.conv1.weight.grad[0, channel])
    with tempfile.TemporaryFile() as picture:
        plt.savefig(picture)


if __name__ == "__main__":
    main(sys.argv[1])
