# notes while following the "from the foundations" course: forward/backward with .g attributes
import torch
import torch.nn.functional as F

class Module():
    def __call__(self, *args):
        self.args = args
        self.out = self.forward(*args)
        return self.out

    def forward(self): raise Exception('not implemented')
    def backward(self): self.bwd(self.out, *self.args)

class Relu(Module):
    def forward(self, inp): return inp.clamp_min(0.)-0.5
    def bwd(self, out, inp): inp.g = (inp>0).float() * out.g

class Lin(Module):
    def __init__(self, w, b): self.w,self.b = w,b
    def forward(self, inp): return inp@self.w + self.b
    def bwd(self, out, inp):
        inp.g = out.g @ self.w.t()
        self.w.g = inp.t() @ out.g
        self.b.g = out.g.sum(0)

class Conv(Module):
    def __init__(self, w, b, stride=1, padding=0):
        self.w,self.b,self.stride,self.padding = w,b,stride,padding

    def unf(self, inp): return F.unfold(inp, self.w.shape[2:], stride=self.stride, padding=self.padding)

    def forward(self, inp):
        bs,_,h,w = inp.shape
        ks = self.w.shape[2:]
        oh,ow = [(d+2*self.padding-k)//self.stride+1 for d,k in zip((h,w),ks)]
        self.cols = self.unf(inp)                                   # bs x (ni*k*k) x L
        res = self.w.flatten(1) @ self.cols + self.b[:,None]
        return res.view(bs,-1,oh,ow)

    def bwd(self, out, inp):
        g = out.g.flatten(2)                                        # bs x nf x L
        inp.g = F.fold(self.w.flatten(1).t() @ g, inp.shape[2:], self.w.shape[2:], stride=self.stride, padding=self.padding)
        self.w.g = (g @ self.cols.transpose(1,2)).sum(0).view(self.w.shape)
        self.b.g = g.sum(-1).sum(0)

class Mse(Module):
    def forward(self, inp, targ): return (inp.squeeze() - targ).pow(2).mean()
    def bwd(self, out, inp, targ): inp.g = 2*(inp.squeeze()-targ).unsqueeze(-1) / targ.shape[0]

class Model():
    def __init__(self, layers): self.layers,self.loss = layers,Mse()
    def __call__(self, x, targ):
        for l in self.layers: x = l(x)
        return self.loss(x, targ)
    def backward(self):
        self.loss.backward()
        for l in reversed(self.layers): l.backward()
