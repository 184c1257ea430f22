# expect: bias-totalled bias
# target: Layer
import torch


class Layer:
    def __init__(self, cin, cout, k, stride=1, padding=0):
        self.weight = torch.randn(cout, cin, k, k, dtype=torch.float64)
        self.bias = torch.zeros(cout, dtype=torch.float64)
        self.stride, self.padding = stride, padding

    def forward(self, x):
        self.x = x
        return torch.nn.functional.conv2d(x, self.weight, self.bias, stride=self.stride, padding=self.padding)

    def backward(self, grad_output):
        n, o = grad_output.shape[:2]
        k = self.weight.shape[2]
        cols = torch.nn.functional.unfold(self.x, k, padding=self.padding, stride=self.stride)
        g = grad_output.reshape(n, o, -1)
        self.weight_grad = torch.einsum("nol,nkl->ok", g, cols).reshape(self.weight.shape)
        self.bias_grad = g.sum().repeat(o)
        back = torch.einsum("ok,nol->nkl", self.weight.reshape(o, -1), g)
        return torch.nn.functional.fold(back, self.x.shape[2:], k, padding=self.padding, stride=self.stride)
