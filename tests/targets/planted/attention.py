"""Attention over all positions, whose backward was written for the causal case."""

import torch
import triton
import triton.language as tl


@triton.jit
def attend(q_ptr, k_ptr, v_ptr, o_ptr, p_ptr, n, width, scale, N: tl.constexpr, WIDTH: tl.constexpr):
    row, column = tl.arange(0, N), tl.arange(0, WIDTH)
    at = row[:, None] * width + column[None, :]
    inside = (row[:, None] < n) & (column[None, :] < width)
    q = tl.load(q_ptr + at, mask=inside, other=0.0)
    k = tl.load(k_ptr + at, mask=inside, other=0.0)
    v = tl.load(v_ptr + at, mask=inside, other=0.0)
    scores = tl.sum(q[:, None, :] * k[None, :, :], axis=2) * scale
    scores = tl.where(row[None, :] < n, scores, -float("inf"))
    powers = tl.exp(scores - tl.max(scores, axis=1)[:, None])
    p = powers / tl.sum(powers, axis=1)[:, None]
    tl.store(o_ptr + at, tl.sum(p[:, :, None] * v[None, :, :], axis=1), mask=inside)
    square = (row[:, None] < n) & (row[None, :] < n)
    tl.store(p_ptr + row[:, None] * n + row[None, :], p, mask=square)


@triton.jit
def attend_grads(
    q_ptr, k_ptr, v_ptr, p_ptr, g_ptr, dq_ptr, dk_ptr, dv_ptr, n, width, scale, N: tl.constexpr, WIDTH: tl.constexpr
):
    row, column = tl.arange(0, N), tl.arange(0, WIDTH)
    at = row[:, None] * width + column[None, :]
    inside = (row[:, None] < n) & (column[None, :] < width)
    square = (row[:, None] < n) & (row[None, :] < n)
    q = tl.load(q_ptr + at, mask=inside, other=0.0)
    k = tl.load(k_ptr + at, mask=inside, other=0.0)
    v = tl.load(v_ptr + at, mask=inside, other=0.0)
    g = tl.load(g_ptr + at, mask=inside, other=0.0)
    p = tl.load(p_ptr + row[:, None] * n + row[None, :], mask=square, other=0.0)
    p = tl.where(row[:, None] >= row[None, :], p, 0.0)
    dp = tl.sum(g[:, None, :] * v[None, :, :], axis=2)
    ds = p * (dp - tl.sum(dp * p, axis=1)[:, None]) * scale
    tl.store(dv_ptr + at, tl.sum(p[:, :, None] * g[:, None, :], axis=0), mask=inside)
    tl.store(dq_ptr + at, tl.sum(ds[:, :, None] * k[None, :, :], axis=1), mask=inside)
    tl.store(dk_ptr + at, tl.sum(ds[:, :, None] * q[:, None, :], axis=0), mask=inside)


class Attend(torch.autograd.Function):
    @staticmethod
    def forward(ctx, q, k, v):
        q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
        n, width = q.shape
        o, p = torch.empty_like(q), torch.empty((n, n), dtype=q.dtype, device=q.device)
        blocks = {"N": triton.next_power_of_2(n), "WIDTH": triton.next_power_of_2(width)}
        attend[(1,)](q, k, v, o, p, n, width, width**-0.5, **blocks)
        ctx.save_for_backward(q, k, v, p)
        return o

    @staticmethod
    def backward(ctx, g):
        q, k, v, p = ctx.saved_tensors
        n, width = q.shape
        dq, dk, dv = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
        blocks = {"N": triton.next_power_of_2(n), "WIDTH": triton.next_power_of_2(width)}
        attend_grads[(1,)](q, k, v, p, g.contiguous(), dq, dk, dv, n, width, width**-0.5, **blocks)
        return dq, dk, dv


def gradcheck_inputs():
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.randn(3, 2, generator=generator, dtype=torch.float64) for _ in range(3))
