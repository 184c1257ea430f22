import numpy as np

# HW4 Q3: extend conv_forward / conv_backward with dilation.

def conv_forward(X, K, bias, s, p, d):
    B, Cin, H, W = X.shape
    Cout, Cin, kH, kW = K.shape
    Xpad = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    H2 = (H + 2 * p - d * (kH - 1) - 1) // s + 1
    W2 = (W + 2 * p - d * (kW - 1) - 1) // s + 1
    Y = np.zeros((B, Cout, H2, W2))
    for h in range(H2):
        for w in range(W2):
            win = Xpad[:, :, h * s:h * s + d * (kH - 1) + 1:d, w * s:w * s + d * (kW - 1) + 1:d]
            Y[:, :, h, w] = win.reshape(B, -1) @ K.reshape(Cout, -1).T
    Y += bias.reshape(1, Cout, 1, 1)
    return Y, (X, K, s, p, d)


def conv_backward(dY, ctx):
    X, K, s, p, d = ctx
    B, Cin, H, W = X.shape
    Cout, Cin, kH, kW = K.shape
    _, _, H2, W2 = dY.shape
    Xpad = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
    dXpad = np.zeros_like(Xpad)
    dK = np.zeros((Cout, Cin * kH * kW))
    for h in range(H2):
        for w in range(W2):
            g = dY[:, :, h, w]                                     # B x Cout
            win = Xpad[:, :, h * s:h * s + d * (kH - 1) + 1:d, w * s:w * s + d * (kW - 1) + 1:d]
            dK += g.T @ win.reshape(B, -1)
            dXpad[:, :, h * s:h * s + d * (kH - 1) + 1:d, w * s:w * s + kW] += (g @ K.reshape(Cout, -1)).reshape(B, Cin, kH, kW)
    dbias = dY.sum(axis=(0, 2, 3))
    if p > 0:
        dX = dXpad[:, :, p:-p, p:-p]
    else:
        dX = dXpad
    return dX, dK.reshape(K.shape), dbias
