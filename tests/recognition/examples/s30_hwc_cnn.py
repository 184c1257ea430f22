import numpy as np

# simple CNN for single RGB images; image: (H, W, C), kernels: (K, K, C, N), bias: (N,)

def convolution(image, kernels, bias, s=1):
    (K, _, C, N) = kernels.shape
    (H, W, _) = image.shape
    Ho = (H - K) // s + 1
    Wo = (W - K) // s + 1
    out = np.zeros((Ho, Wo, N))
    for n in range(N):
        curr_y = out_y = 0
        while curr_y + K <= H:
            curr_x = out_x = 0
            while curr_x + K <= W:
                out[out_y, out_x, n] = np.sum(kernels[:, :, :, n] * image[curr_y:curr_y+K, curr_x:curr_x+K, :]) + bias[n]
                curr_x += s
                out_x += 1
            curr_y += s
            out_y += 1
    return out

def convolutionBackward(dconv_prev, conv_in, kernels, s=1):
    '''
    Backpropagation through a convolutional layer.
    '''
    (K, _, C, N) = kernels.shape
    (H, W, _) = conv_in.shape
    dout = np.zeros(conv_in.shape)
    dfilt = np.zeros(kernels.shape)
    dbias = np.zeros(N)
    for n in range(N):
        curr_y = out_y = 0
        while curr_y + K <= H:
            curr_x = out_x = 0
            while curr_x + K <= W:
                # loss gradient of filter (used to update the filter)
                dfilt[:, :, :, n] += dconv_prev[out_y, out_x, n] * conv_in[curr_x:curr_x+K, curr_y:curr_y+K, :]
                # loss gradient of the input to the convolution operation
                dout[curr_y:curr_y+K, curr_x:curr_x+K, :] += dconv_prev[out_y, out_x, n] * kernels[:, :, :, n]
                curr_x += s
                out_x += 1
            curr_y += s
            out_y += 1
        # loss gradient of the bias
        dbias[n] = np.sum(dconv_prev[:, :, n])
    return dout, dfilt, dbias
