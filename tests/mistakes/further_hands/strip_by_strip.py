# expect: pass
# target: strips
import torch


def strips(upstream, x, kernel, pad):
    """Depthwise pictures, (n, c, h, w) with (c, kh, kw): one strip of rows at a time, framed with zeros."""
    kh, kw = kernel.shape[1:]
    framed = torch.nn.functional.pad(x, (pad, pad, pad, pad))
    d_framed, d_kernel = torch.zeros_like(framed), torch.zeros_like(kernel)
    width = upstream.shape[3]
    for row in range(upstream.shape[2]):
        for u in range(kh):
            for v in range(kw):
                strip = upstream[:, :, row]
                d_kernel[:, u, v] += (strip * framed[:, :, row + u, v : v + width]).sum((0, 2))
                d_framed[:, :, row + u, v : v + width] += strip * kernel[:, u, v, None]
    return d_framed[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]], d_kernel
