# -*- coding: utf-8 -*-
# 卷积层的前向和反向传播，数据格式 NHWC，卷积核格式 (高, 宽, 输入通道, 输出通道)
import numpy as np


def 展开(shuru, he_gao, he_kuan, buchang):
    """im2col"""
    n, gao, kuan, tongdao = shuru.shape
    chu_gao = (gao - he_gao) // buchang + 1
    chu_kuan = (kuan - he_kuan) // buchang + 1
    lie = np.empty((n, chu_gao, chu_kuan, he_gao * he_kuan * tongdao))
    for i in range(chu_gao):
        for j in range(chu_kuan):
            kuai = shuru[:, i * buchang:i * buchang + he_gao, j * buchang:j * buchang + he_kuan, :]
            lie[:, i, j, :] = kuai.reshape(n, -1)
    return lie


class JuanJiCeng:
    def __init__(self, he, pianzhi, buchang=1, tianchong=0):
        self.he = he              # 卷积核
        self.pianzhi = pianzhi    # 偏置
        self.buchang = buchang    # 步长
        self.tianchong = tianchong  # 填充

    def qianxiang(self, x):
        t = self.tianchong
        self.x_xingzhuang = x.shape
        xt = np.pad(x, ((0, 0), (t, t), (t, t), (0, 0)))
        self.xt_xingzhuang = xt.shape
        kh, kw, ci, co = self.he.shape
        self.lie = 展开(xt, kh, kw, self.buchang)
        return self.lie @ self.he.reshape(-1, co) + self.pianzhi

    def fanxiang(self, dy):
        kh, kw, ci, co = self.he.shape
        n, oh, ow, _ = dy.shape
        # 权重梯度
        self.d_he = (self.lie.reshape(n * oh * ow, -1).T @ dy.reshape(n * oh * ow, co)).reshape(self.he.shape)
        # 偏置梯度
        self.d_pianzhi = dy.reshape(-1, co).sum(0)
        # 输入梯度
        d_lie = (dy @ self.he.reshape(-1, co).T).reshape(n, oh, ow, kh, kw, ci)
        dxt = np.zeros(self.xt_xingzhuang)
        b = self.buchang
        for i in range(oh):
            for j in range(ow):
                dxt[:, i * b:i * b + kh, j * b:j * b + kw, :] += d_lie[:, i, j]
        t = self.tianchong
        _, gao, kuan, _ = self.x_xingzhuang
        return dxt[:, t:t + gao, t:t + kuan, :]


if __name__ == '__main__':
    ceng = JuanJiCeng(np.random.randn(3, 3, 1, 4), np.zeros(4), 1, 1)
    print(ceng.qianxiang(np.random.randn(2, 28, 28, 1)).shape)
