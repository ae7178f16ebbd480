"""A variational autoencoder, a GAN, a DCGAN and neural style, on small images."""

import numpy as np

import gluonx as mx
from gluonx import autograd, gluon, nd
from gluonx.gluon import nn
from gluonx.gluon.data.vision import Digits


def images():
    data = Digits(train=True)[:384][0]
    return data.reshape((-1, 64)).astype("float32") / 16


class VAE(gluon.HybridBlock):
    """Kingma and Welling, "Auto-encoding variational Bayes", 2014."""

    def __init__(self, n_hidden=64, n_latent=4, n_layers=1, n_output=64, **kwargs):
        self.soft_zero = 1e-10
        self.n_latent = n_latent
        self.mu = None
        super().__init__(**kwargs)
        with self.name_scope():
            self.encoder = nn.HybridSequential(prefix="encoder")
            for _ in range(n_layers):
                self.encoder.add(nn.Dense(n_hidden, activation="relu"))
            self.encoder.add(nn.Dense(n_latent * 2, activation=None))
            self.decoder = nn.HybridSequential(prefix="decoder")
            for _ in range(n_layers):
                self.decoder.add(nn.Dense(n_hidden, activation="relu"))
            self.decoder.add(nn.Dense(n_output, activation="sigmoid"))

    def hybrid_forward(self, F, x):
        h = self.encoder(x)
        mu_lv = F.split(h, axis=1, num_outputs=2)
        mu, lv = mu_lv[0], mu_lv[1]
        eps = F.random.normal_like(mu)
        z = mu + F.exp(0.5 * lv) * eps
        y = self.decoder(z)
        KL = 0.5 * F.sum(1 + lv - mu * mu - F.exp(lv), axis=1)
        logloss = F.sum(
            x * F.log(y + self.soft_zero) + (1 - x) * F.log(1 - y + self.soft_zero), axis=1
        )
        return -logloss - KL


def vae():
    net = VAE()
    net.collect_params().initialize(mx.init.Xavier(), ctx=mx.cpu())
    net.hybridize()
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01})
    loader = gluon.data.DataLoader(gluon.data.ArrayDataset(images()), 64, shuffle=True)
    losses = []
    for _ in range(8):
        epoch_loss = 0
        for data in loader:
            with autograd.record():
                loss = net(data)
            loss.backward()
            trainer.step(data.shape[0])
            epoch_loss += nd.mean(loss).asscalar()
        losses.append(epoch_loss / len(loader))
    print("vae:", losses)
    assert net.decoder(nd.random_normal(shape=(3, 4))).shape == (3, 64)
    return losses[-1] / losses[0]


def gan():
    """The book's: a generator learns a two-dimensional Gaussian."""
    X = nd.random_normal(shape=(500, 2))
    A = nd.array([[1, 2], [-0.1, 0.5]])
    b = nd.array([1, 2])
    X = nd.dot(X, A) + b
    batch_size = 50
    train_data = gluon.data.DataLoader(gluon.data.ArrayDataset(X, X), batch_size, shuffle=True)

    netG = nn.HybridSequential()
    with netG.name_scope():
        netG.add(nn.Dense(2))
    netD = nn.HybridSequential()
    with netD.name_scope():
        netD.add(nn.Dense(5, activation="tanh"), nn.Dense(3, activation="tanh"), nn.Dense(2))
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    for net in (netG, netD):
        net.initialize(mx.init.Normal(0.02))
        net.hybridize()
    trainerG = gluon.Trainer(netG.collect_params(), "adam", {"learning_rate": 0.02})
    trainerD = gluon.Trainer(netD.collect_params(), "adam", {"learning_rate": 0.05})
    real_label, fake_label = nd.ones((batch_size,)), nd.zeros((batch_size,))
    metric = mx.metric.Accuracy()
    for _ in range(25):
        for data, _ in train_data:
            noise = nd.random_normal(shape=(batch_size, 2))
            with autograd.record():
                errD_real = loss(netD(data), real_label)
                fake = netG(noise)
                fake_output = netD(fake.detach())
                errD = errD_real + loss(fake_output, fake_label)
            errD.backward()
            trainerD.step(batch_size)
            metric.update([fake_label], [fake_output])
            with autograd.record():
                errG = loss(netD(netG(noise)), real_label)
            errG.backward()
            trainerG.step(batch_size)
    made = netG(nd.random_normal(shape=(500, 2)))
    off = nd.abs(made.mean(axis=0) - X.mean(axis=0)).max().asscalar()
    print("gan: mean is off by", off, "discriminator", metric.get())
    return float(off)


def dcgan():
    ndf = ngf = 8
    netG = nn.HybridSequential()
    with netG.name_scope():
        netG.add(nn.Conv2DTranspose(ngf * 2, 2, 1, 0, use_bias=False))  # 2 x 2
        netG.add(nn.BatchNorm(), nn.Activation("relu"))
        netG.add(nn.Conv2DTranspose(ngf, 4, 2, 1, use_bias=False))  # 4 x 4
        netG.add(nn.BatchNorm(), nn.Activation("relu"))
        netG.add(nn.Conv2DTranspose(1, 4, 2, 1, use_bias=False), nn.Activation("tanh"))  # 8 x 8
    netD = nn.HybridSequential()
    with netD.name_scope():
        netD.add(nn.Conv2D(ndf, 4, 2, 1, use_bias=False), nn.LeakyReLU(0.2))
        netD.add(nn.Conv2D(ndf * 2, 4, 2, 1, use_bias=False), nn.BatchNorm(), nn.LeakyReLU(0.2))
        netD.add(nn.Conv2D(1, 2, 1, 0, use_bias=False))
    loss = gluon.loss.SigmoidBinaryCrossEntropyLoss()
    for net in (netG, netD):
        net.initialize(mx.init.Normal(0.05))
        net.hybridize()
    trainerG = gluon.Trainer(netG.collect_params(), "adam", {"learning_rate": 0.01, "beta1": 0.5})
    trainerD = gluon.Trainer(netD.collect_params(), "adam", {"learning_rate": 0.002, "beta1": 0.5})
    iterator = mx.io.NDArrayIter(data=images().reshape((-1, 1, 8, 8)) * 2 - 1, batch_size=64)
    real_label, fake_label = nd.ones((64,)), nd.zeros((64,))

    def facc(label, pred):
        pred = pred.ravel()
        label = label.ravel()
        return ((pred > 0.5) == label).mean()

    metric = mx.metric.CustomMetric(facc)
    mean_image = images().mean(axis=0).reshape((1, 1, 8, 8)) * 2 - 1

    def distance():
        fake = netG(nd.random_normal(0, 1, shape=(64, 8, 1, 1)))
        return nd.abs(fake.mean(axis=0, keepdims=True) - mean_image).mean().asscalar()

    before = distance()
    for _ in range(3):
        iterator.reset()
        for batch in iterator:
            data = batch.data[0].as_in_context(mx.cpu())
            latent_z = nd.random_normal(0, 1, shape=(64, 8, 1, 1))
            with autograd.record():
                output = netD(data).reshape((-1, 1))
                errD_real = loss(output, real_label)
                metric.update([real_label], [output])
                fake = netG(latent_z)
                output = netD(fake.detach()).reshape((-1, 1))
                errD_fake = loss(output, fake_label)
                errD = errD_real + errD_fake
                errD.backward()
                metric.update([fake_label], [output])
            trainerD.step(64)
            with autograd.record():
                fake = netG(latent_z)
                output = netD(fake).reshape((-1, 1))
                errG = loss(output, real_label)
                errG.backward()
            trainerG.step(64)
    after = distance()
    print("dcgan: from the mean image", before, after, metric.get())
    return float(after / before)


class GeneratedImage(nn.Block):
    """An image whose pixels are the parameters."""

    def __init__(self, img_shape, **kwargs):
        super().__init__(**kwargs)
        self.weight = self.params.get("weight", shape=img_shape)

    def forward(self):
        return self.weight.data()


def style():
    """Gatys et al., "Image style transfer using convolutional neural networks", 2016, with random
    features."""
    features = nn.HybridSequential()
    for channels in (6, 8):
        features.add(nn.Conv2D(channels, 3, padding=1, activation="relu"), nn.AvgPool2D())
    features.initialize(mx.init.Xavier(magnitude=3))
    style_layers, content_layers = [0, 1], [2]
    x, y = np.meshgrid(np.linspace(-1, 1, 16), np.linspace(-1, 1, 16))
    content_X = nd.array(np.stack([x * x + y * y < 0.5] * 3)[np.newaxis])
    style_X = nd.array(np.stack([np.sin(9 * x), np.cos(9 * x), x * 0])[np.newaxis])

    def extract(X):
        contents, styles = [], []
        for i in range(len(features)):
            X = features[i](X)
            if i in style_layers:
                styles.append(X)
            if i in content_layers:
                contents.append(X)
        return contents, styles

    def gram(X):
        num_channels, n = X.shape[1], X.size // X.shape[1]
        X = X.reshape((num_channels, n))
        return nd.dot(X, X.T) / (num_channels * n)

    def tv_loss(Y_hat):
        return 0.5 * (
            (Y_hat[:, :, 1:, :] - Y_hat[:, :, :-1, :]).abs().mean()
            + (Y_hat[:, :, :, 1:] - Y_hat[:, :, :, :-1]).abs().mean()
        )

    contents_Y, _ = extract(content_X)
    styles_Y_gram = [gram(Y) for Y in extract(style_X)[1]]
    gen_img = GeneratedImage(content_X.shape)
    gen_img.initialize(mx.init.Constant(content_X), ctx=mx.cpu(), force_reinit=True)
    trainer = gluon.Trainer(gen_img.collect_params(), "adam", {"learning_rate": 0.05})
    losses = []
    for i in range(16):
        with autograd.record():
            X = gen_img()
            contents_Y_hat, styles_Y_hat = extract(X)
            contents_l = [(a - b).square().mean() for a, b in zip(contents_Y_hat, contents_Y)]
            styles_l = [(gram(a) - b).square().mean() for a, b in zip(styles_Y_hat, styles_Y_gram)]
            l = nd.add_n(*styles_l) * 1e3 + nd.add_n(*contents_l) + tv_loss(X)
        l.backward()
        trainer.step(1)
        losses.append(l.asscalar())
        if i == 12:
            trainer.set_learning_rate(trainer.learning_rate * 0.1)
    print("style:", losses[0], losses[-1])
    return float(losses[-1] / losses[0])


def main():
    mx.random.seed(5)
    return {"vae": vae(), "gan": gan(), "dcgan": dcgan(), "style": style()}


if __name__ == "__main__":
    print(main())
