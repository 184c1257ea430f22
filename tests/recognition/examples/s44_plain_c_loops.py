# straight port of my C code (conv.c). No fancy numpy, just loops.
import numpy as np

class conv_layer_t:
    def __init__(self, in_c, in_h, in_w, out_c, k_h, k_w, stride, pad):
        self.in_c = in_c
        self.in_h = in_h
        self.in_w = in_w
        self.out_c = out_c
        self.k_h = k_h
        self.k_w = k_w
        self.stride = stride
        self.pad = pad
        self.out_h = (in_h + 2 * pad - k_h) // stride + 1
        self.out_w = (in_w + 2 * pad - k_w) // stride + 1
        self.w = np.zeros((out_c, in_c, k_h, k_w))
        self.b = np.zeros(out_c)
        self.dw = np.zeros((out_c, in_c, k_h, k_w))
        self.db = np.zeros(out_c)

def conv_forward(l, x):
    y = np.zeros((l.out_c, l.out_h, l.out_w))
    for o in range(l.out_c):
        for i in range(l.out_h):
            for j in range(l.out_w):
                acc = l.b[o]
                for c in range(l.in_c):
                    for u in range(l.k_h):
                        r = i * l.stride - l.pad + u
                        if r < 0 or r >= l.in_h:
                            continue
                        for v in range(l.k_w):
                            q = j * l.stride - l.pad + v
                            if q < 0 or q >= l.in_w:
                                continue
                            acc += x[c, r, q] * l.w[o, c, u, v]
                y[o, i, j] = acc
    return y

def conv_backward(l, x, dy):
    dx = np.zeros((l.in_c, l.in_h, l.in_w))
    l.dw[:] = 0
    l.db[:] = 0
    for o in range(l.out_c):
        for i in range(l.out_h):
            for j in range(l.out_w):
                g = dy[o, i, j]
                l.db[o] += g
                for c in range(l.in_c):
                    for u in range(l.k_h):
                        for v in range(l.k_w):
                            r = i * l.stride - l.pad + u
                            q = j * l.stride - l.pad + v
                            if 0 <= r < l.in_h and 0 <= q < l.in_w:
                                dx[c, r, q] += g * l.w[o, c, u, v]
    for o in range(l.out_c):
        for c in range(l.in_c):
            for u in range(l.k_h):
                for v in range(l.k_w):
                    acc = 0.0
                    for i in range(l.out_h):
                        r = i * l.stride + u
                        if r >= l.in_h:
                            break
                        for j in range(l.out_w):
                            q = j * l.stride + v
                            if q >= l.in_w:
                                break
                            acc += dy[o, i, j] * x[c, r, q]
                    l.dw[o, c, u, v] = acc
    return dx
