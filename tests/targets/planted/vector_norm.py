"""Rows of length one. The kernel computes in float32, whatever it is handed."""

import torch
import triton
import triton.language as tl


@triton.jit
def _length(row_ptr, columns, mask):
    x = tl.load(row_ptr + columns, mask=mask, other=0.0).to(tl.float32)
    return x, tl.sqrt(tl.sum(x * x, axis=0) + 0.01)


@triton.jit
def unit_rows(x_ptr, y_ptr, width, BLOCK: tl.constexpr):
    columns = tl.arange(0, BLOCK)
    start = tl.program_id(0) * width
    x, length = _length(x_ptr + start, columns, columns < width)
    tl.store(y_ptr + start + columns, x / length, mask=columns < width)


@triton.jit
def unit_rows_grad(x_ptr, g_ptr, dx_ptr, width, WITH_LENGTH: tl.constexpr, BLOCK: tl.constexpr):
    columns = tl.arange(0, BLOCK)
    start = tl.program_id(0) * width
    x, length = _length(x_ptr + start, columns, columns < width)
    g = tl.load(g_ptr + start + columns, mask=columns < width, other=0.0).to(tl.float32)
    through = g
    if WITH_LENGTH:
        through = g - x * tl.sum(g * x, axis=0) / (length * length)
    tl.store(dx_ptr + start + columns, through / length, mask=columns < width)


class UnitRows(torch.autograd.Function):
    with_length = True

    @staticmethod
    def forward(ctx, x):
        x = x.contiguous()
        y = torch.empty_like(x)
        unit_rows[(x.shape[0],)](x, y, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
        ctx.save_for_backward(x)
        return y

    @classmethod
    def backward(cls, ctx, g):
        (x,) = ctx.saved_tensors
        dx = torch.empty_like(x)
        block = triton.next_power_of_2(x.shape[1])
        unit_rows_grad[(x.shape[0],)](x, g.contiguous(), dx, x.shape[1], cls.with_length, BLOCK=block)
        return dx


class UnitRowsLengthForgotten(UnitRows):
    with_length = False


def gradcheck_inputs():
    return (torch.tensor([[0.5, -1.2, 0.8], [1.5, 0.3, -0.7]], dtype=torch.float64),)
