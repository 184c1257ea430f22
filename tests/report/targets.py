"""The small files that `record.py` judges: right, wrong in each gradient, and not getting as far as numbers."""

import textwrap

HOSTILE_PICTURES = (
    "<img src=x onerror=alert(1)>.jpg",
    "a[bold red]b[/].jpg",
    "\x1b[31mred\x1b[0m\x07.jpg",
    "pipe|back`tick`\\slash & \"quote\" 'single'.jpg",
    "cat 🐈\u200d⬛ näme.jpg",
    "new\nline\r::error::injected.jpg",
    "not-utf8-\udcff.jpg",
    "]]>--%0A{{ 7*7 }}</script>.jpg",
)
HOSTILE_FILE = "<b>[red]\x1b[31m|`x`\n::error::{{7*7}}.py"
FEW = ("raising.py:conv_backward", "needs_tensorflow.py:conv_backward")
KINDS = (
    *("unrotated.py:conv_backward", "bias_mean.py:Conv", "raising.py:conv_backward", "weight_only.py:grads"),
    *("empty_crop.py:conv_backward", "never_ran.py:conv_backward", "noisy.py:conv_backward", "late.py:conv_backward"),
)
UNFINISHED = tuple(
    f"{name}.py:conv_backward"
    for name in ("unfinished", "needs_tensorflow", "typo", "endless", "nothing", "unknown", "raising", "noisy")
)

FILES = {
    "right": """
        import numpy as np


        def conv_backward(x, weight, grad_output, stride=1, padding=0):
            kh, kw = weight.shape[2:]
            rows, columns = grad_output.shape[2:]
            padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
            grad_weight, grad_padded = np.zeros_like(weight), np.zeros_like(padded)
            for u in range(kh):
                for v in range(kw):
                    seen = (..., slice(u, u + stride * rows, stride), slice(v, v + stride * columns, stride))
                    grad_weight[:, :, u, v] = np.einsum("nopq,nipq->oi", grad_output, padded[seen])
                    grad_padded[seen] += np.einsum("nopq,oi->nipq", grad_output, weight[:, :, u, v])
            kept = slice(padding, padding + x.shape[2]), slice(padding, padding + x.shape[3])
            return grad_padded[..., kept[0], kept[1]], grad_weight, grad_output.sum(axis=(0, 2, 3))
        """,
    "batch_mean": """
        import numpy as np


        def conv_backward(x, weight, grad_output):
            grad_weight, grad_input = np.zeros_like(weight), np.zeros_like(x)
            for p in range(grad_output.shape[2]):
                for q in range(grad_output.shape[3]):
                    window = (..., slice(p, p + weight.shape[2]), slice(q, q + weight.shape[3]))
                    grad_weight += np.tensordot(grad_output[:, :, p, q], x[window], (0, 0))
                    grad_input[window] += np.tensordot(grad_output[:, :, p, q], weight, (1, 0))
            return grad_input, grad_weight / len(x), grad_output.sum(axis=(0, 2, 3))
        """,
    "unrotated": """
        import numpy as np


        def conv_forward(x, w, b):
            kh, kw = w.shape[2:]
            out = np.zeros((len(x), len(w), x.shape[2] - kh + 1, x.shape[3] - kw + 1))
            for p, q in np.ndindex(*out.shape[2:]):
                out[:, :, p, q] = np.einsum("ncij,fcij->nf", x[:, :, p : p + kh, q : q + kw], w) + b
            return out, (x, w, b)


        def conv_backward(dout, cache):
            x, w, b = cache
            kh, kw = w.shape[2:]
            dx, dw = np.zeros_like(x), np.zeros_like(w)
            for p, q in np.ndindex(*dout.shape[2:]):
                dw += np.einsum("nf,ncij->fcij", dout[:, :, p, q], x[:, :, p : p + kh, q : q + kw])
                dx[:, :, p : p + kh, q : q + kw] += np.einsum("nf,fcij->ncij", dout[:, :, p, q], w[:, :, ::-1, ::-1])
            return dx, dw, dout.sum(axis=(0, 2, 3))
        """,
    "bias_mean": """
        import torch
        from torch.nn.functional import conv2d, conv_transpose2d


        class Conv(torch.autograd.Function):
            @staticmethod
            def forward(ctx, input, weight, bias, stride=1, padding=0):
                ctx.save_for_backward(input, weight)
                ctx.how = stride, padding
                return conv2d(input, weight, bias, stride, padding)

            @staticmethod
            def backward(ctx, grad):
                input, weight = ctx.saved_tensors
                stride, padding = ctx.how
                rows, columns = weight.shape[2:]
                lost = [size - (outputs - 1) * stride - extent + 2 * padding
                        for size, outputs, extent in zip(input.shape[2:], grad.shape[2:], weight.shape[2:])]
                grad_input = conv_transpose2d(grad, weight, None, stride, padding, lost)
                turned = conv2d(input.transpose(0, 1), grad.transpose(0, 1), None, 1, padding, stride)
                grad_weight = turned.transpose(0, 1)[:, :, :rows, :columns]
                return grad_input, grad_weight, grad.mean((2, 3)).sum(0), None, None
        """,
    "raising": """
        import numpy as np


        def conv_backward(x, weight, grad_output):
            grad_weight = np.zeros_like(weight)
            for n in range(len(x) + 1):
                for u, v in np.ndindex(*weight.shape[2:]):
                    part = x[n, :, u : u + grad_output.shape[2], v : v + grad_output.shape[3]]
                    grad_weight[:, :, u, v] += np.einsum("opq,ipq->oi", grad_output[n], part)
            return grad_weight
        """,
    "weight_only": """
        import numpy as np
        from numpy.lib.stride_tricks import sliding_window_view


        def grads(x, weight, grad_output):
            return np.einsum("nopq,niuvpq->oiuv", grad_output, sliding_window_view(x, grad_output.shape[2:], (2, 3)))
        """,
    "empty_crop": """
        import numpy as np


        def conv_backward(grad_output, x, weight, padding):
            padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
            ho, wo = grad_output.shape[2:]
            grad_input, grad_weight = np.zeros_like(padded), np.zeros_like(weight)
            for u, v in np.ndindex(*weight.shape[2:]):
                part = padded[:, :, u : u + ho, v : v + wo]
                grad_weight[:, :, u, v] = np.tensordot(grad_output, part, ((0, 2, 3), (0, 2, 3)))
                grad_input[:, :, u : u + ho, v : v + wo] += np.tensordot(
                    grad_output, weight[:, :, u, v], (1, 0)
                ).transpose(0, 3, 1, 2)
            return grad_input[:, :, padding:-padding, padding:-padding], grad_weight, grad_output.sum((0, 2, 3))
        """,
    "never_ran": """
        import numpy as np


        def conv_backward(x, weight, grad_output):
            ho, wo = grad_output.shape[2:]
            grad_weight = np.zeros_like(weight)
            if x.shape[1] > 5000:
                blocks = np.array_split(np.arange(x.shape[1]), 2)
                return np.concatenate([conv_backward(x[:, block], weight[:, block], grad_output) for block in blocks])
            for u, v in np.ndindex(*weight.shape[2:]):
                grad_weight[:, :, u, v] = np.einsum("nopq,nipq->oi", grad_output, x[:, :, u : u + ho, v : v + wo])
            return grad_weight
        """,
    "noisy": """
        import numpy as np


        def conv_backward(x, weight, grad_output):
            print("x", x.shape)
            print("::error::not an order")
            ho, wo = grad_output.shape[2:]
            out = np.zeros_like(weight)
            for u, v in np.ndindex(*weight.shape[2:]):
                out[:, :, u, v] = np.einsum("nopq,nipq->oi", grad_output, x[:, :, u : u + ho, v : v + wo])
            return -out
        """,
    "late": """
        import numpy as np


        def conv_backward(x, weight, grad_output, stride, padding):
            if stride == 3:
                raise ValueError("a stride of 3 is not done yet")
            return np.zeros(weight.shape) + np.nan
        """,
    "unfinished": """
        def conv_backward(x, weight, grad_output):
            # TODO
            raise NotImplementedError("your code here")
        """,
    "needs_tensorflow": """
        import tensorflow as tf


        def conv_backward(x, weight, grad_output):
            return tf.nn.conv2d_backprop_filter(x, weight.shape, grad_output)
        """,
    "typo": """
        def conv_backward(x, weight, grad_output)
            return x
        """,
    "endless": """
        def conv_backward(x, weight, grad_output):
            while True:
                pass
        """,
    "nothing": """
        def conv_backward(x, weight, grad_output):
            grad_weight = weight * 0
        """,
    "course": """
        import numpy as np


        def affine_forward(x, w, b):
            return x @ w + b, (x, w)


        def affine_backward(dout, cache):
            x, w = cache
            return dout @ w.T, x.T @ dout, dout.sum(axis=0)


        def layernorm_forward(x, gamma, beta, eps=1e-5):
            mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
            std = np.sqrt(var + eps)
            normed = (x - mean) / std
            return gamma * normed + beta, (normed, gamma, std)


        def layernorm_backward(dout, cache):
            normed, gamma, std = cache
            grad = dout * gamma
            dx = (grad - grad.mean(axis=1, keepdims=True)) / std
            return dx, (dout * normed).sum(axis=0), dout.sum(axis=0)


        def sigmoid_forward(x):
            out = 1 / (1 + np.exp(-x))
            return out, out


        def sigmoid_backward(dout, out):
            return dout * (1 - out)
        """,
    "unknown": """
        def conv_backward(alpha, beta):
            return alpha @ beta
        """,
}
HOSTILE = """
    import numpy as np


    def conv_backward(x, weight, grad_output):
        raise IndexError("<script>alert(1)</script>\\x1b[31m|`x`\\n::error::{{7*7}} @everyone")


    def printing(x, weight, grad_output):
        print("<b>\\x1b[31m\\n::error::owned\\n##[error]y ```` ]]>")
        return np.zeros_like(weight)
    """


def write(folder):
    """Write all of them into that folder."""
    (folder / "submissions").mkdir()
    for name, source in FILES.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(source).lstrip())
    (folder / HOSTILE_FILE).write_text(textwrap.dedent(HOSTILE).lstrip())
