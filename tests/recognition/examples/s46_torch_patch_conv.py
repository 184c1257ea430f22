import torch


def extract(x, kh, kw, s):
    # (N, C, H, W) -> (N, L, C, kh, kw)
    n, c = x.shape[:2]
    return x.unfold(2, kh, s).unfold(3, kw, s).permute(0, 2, 3, 1, 4, 5).reshape(n, -1, c, kh, kw)


def fwd(x, weight, bias, s=1):
    n = x.shape[0]
    o, c, kh, kw = weight.shape
    oh = (x.shape[2] - kh) // s + 1
    ow = (x.shape[3] - kw) // s + 1
    p = extract(x, kh, kw, s)
    out = p.reshape(n, oh * ow, -1) @ weight.reshape(o, -1).T + bias
    saved = dict(p=p, weight=weight, shape=x.shape, s=s, oh=oh, ow=ow)
    return out.permute(0, 2, 1).reshape(n, o, oh, ow), saved


def bwd(grad, saved):
    p, weight, s = saved['p'], saved['weight'], saved['s']
    o, c, kh, kw = weight.shape
    n = grad.shape[0]
    g = grad.reshape(n, o, -1).permute(0, 2, 1)                          # N L O
    grads = {}
    grads['bias'] = g.sum((0, 1))
    w = p.permute(2, 4, 3, 0, 1).reshape(c * kh * kw, -1)                # CK x NL
    grads['weight'] = (w @ g.reshape(-1, o)).T.reshape(o, c, kh, kw)
    gp = (g @ weight.reshape(o, -1)).reshape(n, saved['oh'], saved['ow'], c, kh, kw)
    gx = torch.zeros(saved['shape'], dtype=grad.dtype)
    for i in range(saved['oh']):
        for j in range(saved['ow']):
            gx[:, :, i * s:i * s + kh, j * s:j * s + kw] += gp[:, i, j]
    grads['x'] = gx
    return grads


ckpt = torch.load('runs/lenet_epoch12.pt', map_location='cpu')
w, b = ckpt['conv1.weight'], ckpt['conv1.bias']
y, saved = fwd(torch.randn(4, 1, 28, 28), w, b)
print(y.shape, {k: v.shape for k, v in bwd(torch.ones_like(y), saved).items()})
