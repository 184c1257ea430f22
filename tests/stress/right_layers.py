"""Right backwards of the known layers, as different people write them: no one of them may ever fail. No test here.

Each is code with the layer's own names that gives the gradient of every argument under d + its name.
"""

from __future__ import annotations

# layer -> what sets it apart -> code. The layer's own `code` is one more.
RIGHT: dict[str, dict[str, str]] = {
    "linear": {
        "einsum": """
dx = np.einsum("no,io->ni", G, weight)
dweight = np.einsum("ni,no->io", x, G)
dbias = np.einsum("no->o", G)
""",
        "sample by sample": """
dx, dweight, dbias = np.zeros_like(x), np.zeros_like(weight), np.zeros_like(bias)
for n in range(len(x)):
    dx[n] = weight @ G[n]
    dweight += np.outer(x[n], G[n])
    dbias += G[n]
""",
    },
    "softmax": {
        "naive, nothing subtracted": """
e = np.exp(x)
y = e / e.sum(axis=-1, keepdims=True)
dx = G * y - y * (G * y).sum(axis=-1, keepdims=True)
""",
        "the whole Jacobian of each row": """
dx = np.zeros_like(x)
for row in range(len(x)):
    e = np.exp(x[row] - x[row].max())
    y = (e / e.sum()).reshape(-1, 1)
    jacobian = np.diagflat(y) - y @ y.T
    dx[row] = jacobian.T @ G[row]
""",
        "by log-sum-exp": """
highest = x.max(axis=-1, keepdims=True)
y = np.exp(x - highest - np.log(np.exp(x - highest).sum(axis=-1, keepdims=True)))
dx = y * (G - np.einsum("nd,nd->n", G, y)[:, None])
""",
    },
    "log-softmax": {
        "by log-sum-exp": """
highest = x.max(axis=-1, keepdims=True)
p = np.exp(x - highest - np.log(np.exp(x - highest).sum(axis=-1, keepdims=True)))
dx = G - G.sum(axis=-1, keepdims=True) * p
""",
    },
    "cross-entropy": {
        "one-hot matrix": """
one_hot = np.eye(x.shape[1])[y]
p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
share = class_weight[y] / np.sum(class_weight[y])
dx = G * (p - one_hot) * share.reshape(-1, 1)
""",
    },
    "layer-norm": {
        "step by step": """
n = x.shape[-1]
mean = x.mean(axis=-1, keepdims=True)
centred = x - mean
var = (centred ** 2).mean(axis=-1, keepdims=True)
inv = 1 / np.sqrt(var + eps)
dbias = G.sum(axis=0)
dweight = (G * centred * inv).sum(axis=0)
dhat = G * weight
dvar = (dhat * centred).sum(axis=-1, keepdims=True) * -0.5 * inv ** 3
dmean = -(dhat * inv).sum(axis=-1, keepdims=True) + dvar * (-2 * centred).mean(axis=-1, keepdims=True)
dx = dhat * inv + dvar * 2 * centred / n + dmean / n
""",
        "Welford": """
count, mean, spread = 0, np.zeros((len(x), 1)), np.zeros((len(x), 1))
for column in range(x.shape[1]):
    count += 1
    delta = x[:, column:column + 1] - mean
    mean = mean + delta / count
    spread = spread + delta * (x[:, column:column + 1] - mean)
inv = (spread / count + eps) ** -0.5
hat = (x - mean) * inv
dbias, dweight, g = G.sum(axis=0), (G * hat).sum(axis=0), G * weight
dx = inv / count * (count * g - g.sum(axis=1, keepdims=True) - hat * (g * hat).sum(axis=1, keepdims=True))
""",
        "mean of squares": """
mean = x.mean(axis=-1, keepdims=True)
inv = ((x * x).mean(axis=-1, keepdims=True) - mean * mean + eps) ** -0.5
hat = (x - mean) * inv
dbias, dweight, g = G.sum(axis=0), (G * hat).sum(axis=0), G * weight
dx = (g - g.mean(axis=-1, keepdims=True) - hat * (g * hat).mean(axis=-1, keepdims=True)) * inv
""",
    },
    "batch-norm": {
        "step by step": """
n = len(x)
mu = x.sum(axis=0) / n
xmu = x - mu
var = (xmu ** 2).sum(axis=0) / n
sqrtvar = np.sqrt(var + eps)
ivar = 1.0 / sqrtvar
dbias = np.sum(G, axis=0)
dweight = np.sum(G * xmu * ivar, axis=0)
dxhat = G * weight
divar = np.sum(dxhat * xmu, axis=0)
dxmu1 = dxhat * ivar
dsqrtvar = -1.0 / sqrtvar ** 2 * divar
dvar = 0.5 / np.sqrt(var + eps) * dsqrtvar
dsq = np.ones_like(x) / n * dvar
dxmu2 = 2 * xmu * dsq
dx1 = dxmu1 + dxmu2
dmu = -np.sum(dx1, axis=0)
dx = dx1 + np.ones_like(x) / n * dmu
""",
        "compact": """
n = len(x)
inv = 1 / np.sqrt(x.var(axis=0) + eps)
xc = x - x.mean(axis=0)
dbias, dweight = G.sum(0), (xc * inv * G).sum(0)
dx = weight * inv / n * (n * G - G.sum(0) - xc * inv ** 2 * (G * xc).sum(0))
""",
    },
    "rms-norm": {
        "with the cube": """
n = x.shape[-1]
inv = (np.sum(x ** 2, axis=-1, keepdims=True) / n + eps) ** -0.5
dweight = np.sum(G * x * inv, axis=0)
g = weight * G
dx = inv * g - inv ** 3 * x * np.sum(g * x, axis=-1, keepdims=True) / n
""",
    },
    "group-norm": {
        "group by group": """
dx, dweight, dbias = np.zeros_like(x), np.zeros_like(weight), np.zeros_like(bias)
size = x.shape[1] // groups
for n in range(len(x)):
    for k in range(groups):
        part = slice(k * size, (k + 1) * size)
        inv = 1 / np.sqrt(x[n, part].var() + eps)
        hat = (x[n, part] - x[n, part].mean()) * inv
        g = G[n, part] * weight[part][:, None]
        dbias[part] += G[n, part].sum(axis=1)
        dweight[part] += (G[n, part] * hat).sum(axis=1)
        dx[n, part] = (g - g.mean() - hat * (g * hat).mean()) * inv
""",
    },
    "instance-norm": {
        "with the cube": """
m = x.shape[-1]
xc = x - x.mean(axis=2, keepdims=True)
inv = (x.var(axis=2, keepdims=True) + eps) ** -0.5
dbias, dweight = np.einsum("ncs->c", G), np.einsum("ncs,ncs->c", G, xc * inv)
g = G * weight.reshape(1, -1, 1)
dx = inv * (g - g.mean(axis=2, keepdims=True)) - inv ** 3 * xc * (g * xc).sum(axis=2, keepdims=True) / m
""",
    },
    "attention": {
        "D from the output": """
c = q.shape[-1] ** -0.5
p = np.exp(np.einsum("btd,bsd->bts", q, k) * c)
p = p / p.sum(axis=-1)[..., None]
y = p @ v
ds = p * (np.einsum("bte,bse->bts", G, v) - (G * y).sum(axis=-1)[..., None])
dq, dk, dv = c * ds @ k, c * np.einsum("bts,btd->bsd", ds, q), np.einsum("bts,bte->bse", p, G)
""",
        "by log-sum-exp, key by key": """
c = 1 / np.sqrt(q.shape[-1])
s = c * q @ k.transpose(0, 2, 1)
top = s.max(axis=-1, keepdims=True)
lse = top + np.log(np.exp(s - top).sum(axis=-1, keepdims=True))
D = (np.exp(s - lse) * (G @ v.transpose(0, 2, 1))).sum(axis=-1)
dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
for j in range(k.shape[1]):
    p = np.exp(s[..., j] - lse[..., 0])
    ds = p * ((G * v[:, j][:, None]).sum(axis=-1) - D)
    dv[:, j] = (p[..., None] * G).sum(axis=1)
    dk[:, j] = c * (ds[..., None] * q).sum(axis=1)
    dq += c * ds[..., None] * k[:, j][:, None]
""",
    },
    "sigmoid": {
        "stable on both sides": """
e = np.exp(-np.abs(x))
dx = G * e / (1 + e) ** 2
""",
    },
    "tanh": {
        "by exponentials": """
dx = 4 * G / (np.exp(x) + np.exp(-x)) ** 2
""",
    },
    "gelu": {
        "by erfc": """
from math import erfc
below = np.array([erfc(-value / 2 ** 0.5) / 2 for value in x.ravel()]).reshape(x.shape)
dx = G * (below + x * np.exp(-0.5 * x ** 2) / (2 * np.pi) ** 0.5)
""",
    },
    "silu": {
        "from the output": """
s = 1 / (1 + np.exp(-x))
y = x * s
dx = G * (y + s * (1 - y))
""",
    },
    "softplus": {
        "by tanh": """
dx = G * 0.5 * (1 + np.tanh(x / 2))
""",
    },
    "swiglu": {
        "from the output of the gate": """
s = 0.5 * (1 + np.tanh(gate / 2))
f = gate * s
dup = f * G
dgate = up * G * (f + s * (1 - f))
""",
    },
    "relu": {
        "in place on a copy": """
dx = G.copy()
dx[x <= 0] = 0
""",
    },
    "max-pool": {
        "by argmax, window by window": """
dx = np.zeros_like(x)
for n, c, p, q in np.ndindex(G.shape):
    window = x[n, c, p * stride:p * stride + height, q * stride:q * stride + width]
    u, v = np.unravel_index(window.argmax(), window.shape)
    dx[n, c, p * stride + u, q * stride + v] += G[n, c, p, q]
""",
    },
    "avg-pool": {
        "by kron": """
dx = np.kron(G, np.ones((1, 1, height, width))) / (height * width)
dx = np.pad(dx, [(0, 0), (0, 0)] + [(0, x.shape[axis] - dx.shape[axis]) for axis in (2, 3)])
""",
    },
    "embedding": {
        "one-hot": """
dweight = np.eye(len(weight))[index].T @ G
""",
        "one after the other": """
dweight = np.zeros_like(weight)
for place, row in zip(index, G):
    dweight[place] += row
""",
    },
    "rnn-cell": {
        "sample by sample": """
dx, dprev_h = np.zeros_like(x), np.zeros_like(prev_h)
dwx, dwh, dbias = np.zeros_like(wx), np.zeros_like(wh), np.zeros_like(bias)
for n in range(len(x)):
    h = np.tanh(wx.T @ x[n] + wh.T @ prev_h[n] + bias)
    da = (1 - h ** 2) * G[n]
    dx[n], dprev_h[n] = wx @ da, wh @ da
    dwx += x[n][:, None] * da
    dwh += prev_h[n][:, None] * da
    dbias += da
""",
    },
    "lstm-cell": {
        "gate by gate": """
H = prev_h.shape[1]
sigmoid = lambda a: 0.5 * (1 + np.tanh(a / 2))
a = prev_h.dot(wh) + x.dot(wx) + bias
i, f, o, g = sigmoid(a[:, :H]), sigmoid(a[:, H:2 * H]), sigmoid(a[:, 2 * H:3 * H]), np.tanh(a[:, 3 * H:])
c = f * prev_c + i * g
dc = dnext_c + dnext_h * o / np.cosh(c) ** 2
da = np.empty_like(a)
da[:, :H] = dc * g * (i - i * i)
da[:, H:2 * H] = dc * prev_c * (f - f * f)
da[:, 2 * H:3 * H] = dnext_h * np.tanh(c) * (o - o * o)
da[:, 3 * H:] = dc * i * (1 - g * g)
dx, dprev_h, dprev_c = da.dot(wx.T), da.dot(wh.T), f * dc
dwx, dwh, dbias = x.T.dot(da), prev_h.T.dot(da), da.sum(0)
""",
    },
    "rotary": {
        "as complex numbers": """
h = x.shape[-1] // 2
turned = (G[..., :h] + 1j * G[..., h:]) * (cos - 1j * sin)
dx = np.concatenate([turned.real, turned.imag], axis=-1)
""",
    },
    "mse": {"halves": "r = pred - target\ndpred = G * (r + r) / np.prod(r.shape)\n"},
    "huber": {"by cases": "r = pred - target\ndpred = G * np.where(abs(r) < delta, r, delta * np.sign(r)) / r.size\n"},
    "binary-cross-entropy": {
        "term by term": "dpred = G * (-target / pred + (1 - target) / (1 - pred)) / target.size\n"
    },
}
# Right, in float32 inside: to be told as that, never as wrong.
SINGLE: dict[str, str] = {
    layer: f"{', '.join(names)} = ({', '.join(f'np.float32({name})' for name in names)})\n"
    for layer, names in {
        "linear": ("x", "weight", "bias", "G"),
        "softmax": ("x", "G"),
        "layer-norm": ("x", "weight", "G"),
        "attention": ("q", "k", "v", "G"),
        "silu": ("x", "G"),
    }.items()
}
