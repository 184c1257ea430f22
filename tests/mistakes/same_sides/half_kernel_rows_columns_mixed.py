# expect: rows-columns-mixed weight,input
# target: Keep
import torch
import torch.nn.functional as F


class Keep(torch.autograd.Function):
    """A convolution that keeps the size, for kernels with a middle."""

    @staticmethod
    def forward(ctx, image, kernel):
        if kernel.shape[2] % 2 == 0 or kernel.shape[3] % 2 == 0:
            raise ValueError("a kernel without a middle")
        ctx.save_for_backward(image, kernel)
        return F.conv2d(image, kernel, padding=(kernel.shape[2] // 2, kernel.shape[3] // 2))

    @staticmethod
    def backward(ctx, grad_output):
        image, kernel = ctx.saved_tensors
        half = kernel.shape[2] // 2
        to_image = F.conv_transpose2d(grad_output, kernel, padding=half)
        to_kernel = F.conv2d(image.transpose(0, 1), grad_output.transpose(0, 1), padding=half)
        return to_image, to_kernel.transpose(0, 1)
