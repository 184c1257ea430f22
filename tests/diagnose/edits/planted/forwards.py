"""Small forwards in the manner of people's own layers, as the tests of the edits differentiate them.

Their lines are quoted in what the tests expect.
"""

import torch


def rms_norm(x, gain):
    ms = x.pow(2).mean(dim=-1, keepdim=True)
    inv = (ms + 1e-6).rsqrt()
    return gain * (x * inv)


def soft_attention(scores, values):
    top = scores.max(dim=-1, keepdim=True).values
    weights = torch.exp(scores - top)
    total = weights.sum(dim=-1, keepdim=True)
    return (weights / total) @ values


def gate(a, b):
    return torch.sigmoid(a) * torch.tanh(b)


def dense(x, w, bias):
    z = x @ w + bias
    return torch.relu(z)


def lookup(table):
    rows = torch.tensor([2, 0, 2, 1, 2])
    return table[rows] * 3.0


def sample_norm(x):
    centre = x.mean(0)
    spread = ((x - centre) ** 2).sum(0) / x.shape[0]
    return (x - centre) / (spread + 1e-3).sqrt()


def masked_scores(q, k):
    return torch.softmax(q @ k.T, dim=-1) @ k


def native_softmax(z):
    return torch.softmax(z, dim=-1)


def native_norm(x, gain):
    return torch.nn.functional.layer_norm(x, x.shape[-1:], gain)


def centred(x):
    centre = x.mean(0)
    return x - centre, centre
