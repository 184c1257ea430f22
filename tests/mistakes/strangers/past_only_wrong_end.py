# expect: future-leak input
# target: causal_conv_bwd
import torch


def causal_conv_fwd(x, weight, bias, dilation=1):
    """x: (B, C_in, T), weight: (C_out, C_in, K). y[t] sees x[t], x[t - d], ..., never what comes later."""
    K = weight.shape[-1]
    T = x.shape[-1]
    past = (K - 1) * dilation
    xp = torch.cat([x.new_zeros(x.shape[0], x.shape[1], past), x], dim=-1)
    y = bias[None, :, None].expand(x.shape[0], -1, T).clone()
    for k in range(K):
        y = y + torch.matmul(weight[:, :, k], xp[..., k * dilation : k * dilation + T])
    return y, (xp, weight, dilation)


def causal_conv_bwd(dy, cache):
    xp, weight, dilation = cache
    K, T = weight.shape[-1], dy.shape[-1]
    dxp = torch.zeros_like(xp)
    dw = torch.zeros_like(weight)
    for k in range(K):
        piece = slice(k * dilation, k * dilation + T)
        dw[:, :, k] = torch.einsum("bot,bit->oi", dy, xp[..., piece])
        dxp[..., piece] += torch.einsum("bot,oi->bit", dy, weight[:, :, k])
    return dxp[..., :T], dw, dy.sum((0, 2))
