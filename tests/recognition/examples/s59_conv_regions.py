import numpy as np


class ConvLayer:
    def __init__(self, kernel_num, kernel_size, channels):
        """
        kernel_num: how many kernels, kernel_size: side of the kernel, channels: depth of the picture
        pictures are (height, width, channels), one at a time
        """
        self.kernel_num = kernel_num
        self.kernel_size = kernel_size
        self.kernels = np.random.randn(kernel_num, kernel_size, kernel_size, channels) / (kernel_size ** 2)

    def patches_generator(self, image):
        image_h, image_w, _ = image.shape
        self.image = image
        for h in range(image_h - self.kernel_size + 1):
            for w in range(image_w - self.kernel_size + 1):
                patch = image[h:(h + self.kernel_size), w:(w + self.kernel_size)]
                yield patch, h, w

    def forward_prop(self, image):
        image_h, image_w, _ = image.shape
        convolution_output = np.zeros((image_h - self.kernel_size + 1, image_w - self.kernel_size + 1, self.kernel_num))
        for patch, h, w in self.patches_generator(image):
            convolution_output[h, w] = np.sum(patch * self.kernels, axis=(1, 2, 3))
        return convolution_output

    def back_prop(self, dE_dY, alpha):
        dE_dk = np.zeros(self.kernels.shape)
        dE_dX = np.zeros(self.image.shape)
        k = self.kernel_size
        for patch, h, w in self.patches_generator(self.image):
            for f in range(self.kernel_num):
                dE_dk[f] += patch * dE_dY[h, w, f]
                dE_dX[h:h + k, w:w + k] += self.kernels[f] * dE_dY[h, w, f]
        # Update the parameters
        self.kernels -= alpha * dE_dk
        return dE_dX


def CNN_training_step(image, label, layers, alpha=0.05):
    output = image / 255.
    for layer in layers:
        output = layer.forward_prop(output)
    gradient = output - label
    for layer in layers[::-1]:
        gradient = layer.back_prop(gradient, alpha)
    return gradient


def main():
    from tensorflow.keras import datasets
    (X_train, y_train), _ = datasets.mnist.load_data()
    layers = [ConvLayer(16, 3, 1)]
    print(CNN_training_step(X_train[0][..., None], 0, layers).shape)


if __name__ == '__main__':
    main()
