import math
from abc import ABC, abstractmethod
import numpy as np


class AbstractLayer(ABC):

    @abstractmethod
    def feedForward(self, inputTensor):
        pass

    @abstractmethod
    def backPropagate(self, outputGradient):
        pass


class ConvolutionLayerConfig:

    def __init__(self, numberOfInputChannels, numberOfFilters, filterHeight, filterWidth, strideLength=1):
        self._numberOfInputChannels = numberOfInputChannels
        self._numberOfFilters = numberOfFilters
        self._filterHeight = filterHeight
        self._filterWidth = filterWidth
        self._strideLength = strideLength

    def getNumberOfInputChannels(self):
        return self._numberOfInputChannels

    def getNumberOfFilters(self):
        return self._numberOfFilters

    def getFilterHeight(self):
        return self._filterHeight

    def getFilterWidth(self):
        return self._filterWidth

    def getStrideLength(self):
        return self._strideLength


class ConvolutionLayerImpl(AbstractLayer):

    def __init__(self, config):
        self._config = config
        self._weights = np.random.standard_normal((config.getNumberOfFilters(), config.getNumberOfInputChannels(),
                                                   config.getFilterHeight(), config.getFilterWidth()))
        self._biases = np.zeros(config.getNumberOfFilters())
        self._weightGradients = None
        self._biasGradients = None
        self._cachedInput = None

    def getWeights(self):
        return self._weights

    def setWeights(self, weights):
        self._weights = weights

    def getBiases(self):
        return self._biases

    def setBiases(self, biases):
        self._biases = biases

    def getWeightGradients(self):
        return self._weightGradients

    def getBiasGradients(self):
        return self._biasGradients

    def feedForward(self, inputTensor):
        self._cachedInput = inputTensor
        cfg = self._config
        batchSize, channels, height, width = inputTensor.shape
        stride = cfg.getStrideLength()
        outputHeight = int(math.floor((height - cfg.getFilterHeight()) / stride)) + 1
        outputWidth = int(math.floor((width - cfg.getFilterWidth()) / stride)) + 1
        result = np.zeros((batchSize, cfg.getNumberOfFilters(), outputHeight, outputWidth))
        for row in range(outputHeight):
            for col in range(outputWidth):
                patch = inputTensor[:, :, row * stride:row * stride + cfg.getFilterHeight(),
                                    col * stride:col * stride + cfg.getFilterWidth()]
                for filterIndex in range(cfg.getNumberOfFilters()):
                    result[:, filterIndex, row, col] = np.sum(patch * self._weights[filterIndex], axis=(1, 2, 3)) \
                        + self._biases[filterIndex]
        return result

    def backPropagate(self, outputGradient):
        cfg = self._config
        stride = cfg.getStrideLength()
        inputGradient = np.zeros(self._cachedInput.shape)
        self._weightGradients = np.zeros(self._weights.shape)
        self._biasGradients = np.zeros(self._biases.shape)
        height, width = self._cachedInput.shape[2], self._cachedInput.shape[3]
        row = 0
        top = 0
        while top + cfg.getFilterHeight() <= height:
            col = 0
            left = 0
            while left + cfg.getFilterWidth() < width:
                patch = self._cachedInput[:, :, top:top + cfg.getFilterHeight(), left:left + cfg.getFilterWidth()]
                for filterIndex in range(cfg.getNumberOfFilters()):
                    delta = outputGradient[:, filterIndex, row, col][:, np.newaxis, np.newaxis, np.newaxis]
                    self._weightGradients[filterIndex] += np.sum(delta * patch, axis=0)
                    inputGradient[:, :, top:top + cfg.getFilterHeight(), left:left + cfg.getFilterWidth()] += \
                        delta * self._weights[filterIndex]
                left += stride
                col += 1
            top += stride
            row += 1
        for filterIndex in range(cfg.getNumberOfFilters()):
            self._biasGradients[filterIndex] = np.sum(outputGradient[:, filterIndex])
        return inputGradient
