"""Eager PyTorch: zero_grad, forward, loss, backward and step, the loop of its tutorials."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from .work import MLP, RESNET, Work


def conv(inside, out, size, stride=1, pad=0):
    return nn.Conv2d(inside, out, size, stride, pad, bias=False)


class Block(nn.Module):
    def __init__(self, inside, out, stride):
        super().__init__()
        self.conv0 = conv(inside, out, 3, stride, 1)
        self.norm0 = nn.BatchNorm2d(out)
        self.conv1 = conv(out, out, 3, 1, 1)
        self.norm1 = nn.BatchNorm2d(out)
        self.down = None
        if stride > 1 or inside != out:
            self.down = nn.Sequential(conv(inside, out, 1, stride), nn.BatchNorm2d(out))

    def forward(self, x):
        y = F.relu(self.norm0(self.conv0(x)))
        y = self.norm1(self.conv1(y))
        if self.down is not None:
            x = self.down(x)
        return F.relu(x + y)


class Layer(nn.Module):
    def __init__(self, d, heads, hidden):
        super().__init__()
        self.heads = heads
        self.norm0 = nn.LayerNorm(d)
        self.qkv = nn.Linear(d, 3 * d)
        self.proj = nn.Linear(d, d)
        self.norm1 = nn.LayerNorm(d)
        self.fc0 = nn.Linear(d, hidden)
        self.fc1 = nn.Linear(hidden, d)

    def forward(self, x):
        n, length, d = x.shape
        qkv = self.qkv(self.norm0(x)).view(n, length, 3, self.heads, d // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind()
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(y.transpose(1, 2).reshape(n, length, d))
        return x + self.fc1(F.relu(self.fc0(self.norm1(x))))


class Transformer(nn.Module):
    def __init__(self, layers, d, heads, hidden, vocab, length):
        super().__init__()
        self.embed = nn.Embedding(vocab, d)
        self.position = nn.Embedding(length, d)
        self.layers = nn.Sequential(*(Layer(d, heads, hidden) for _ in range(layers)))
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(d, vocab)

    def forward(self, tokens):
        x = self.embed(tokens) + self.position.weight
        return self.head(self.norm(self.layers(x)))


def mlp():
    return nn.Sequential(
        nn.Linear(MLP[0], MLP[1]), nn.ReLU(), nn.Linear(MLP[1], MLP[2]), nn.ReLU(),
        nn.Linear(MLP[2], MLP[3]),
    )  # fmt: skip


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 20, 5), nn.Tanh(), nn.MaxPool2d(2), nn.Conv2d(20, 50, 5), nn.Tanh(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(800, 500), nn.Tanh(), nn.Linear(500, 10),
    )  # fmt: skip


def resnet():
    layers = [conv(3, 64, 3, 1, 1), nn.BatchNorm2d(64), nn.ReLU()]
    inside = 64
    for out, stride in RESNET:
        layers.append(Block(inside, out, stride))
        inside = out
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


class LSTM(nn.Module):
    def __init__(self, layers, units, vocab):
        super().__init__()
        self.embed = nn.Embedding(vocab, units)
        self.lstm = nn.LSTM(units, units, layers, batch_first=True)
        self.head = nn.Linear(units, vocab)

    def forward(self, tokens):
        return self.head(self.lstm(self.embed(tokens))[0])


NETS = {"mlp": mlp, "lenet": lenet, "resnet": resnet, "transformer": Transformer, "lstm": LSTM}


class Column:
    def __init__(self, work: Work):
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        with torch.device("meta"):
            net = NETS[work.net](**work.sizes)
        self._net = net = net.to_empty(device=device)
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.reset_running_stats()
        with torch.no_grad():
            for p, w in zip(net.parameters(), work.weights.values(), strict=True):
                p.copy_(torch.tensor(w))
        n = len(work.batches[0][0]) // work.micro
        self._batches = [
            list(
                zip(
                    torch.tensor(x, device=device).split(n),
                    torch.tensor(y, device=device).long().split(n),
                    strict=True,
                )
            )
            for x, y in work.batches
        ]
        if work.optimizer == "adam":
            self._optimizer = torch.optim.Adam(net.parameters(), work.rate)
        else:
            self._optimizer = torch.optim.SGD(net.parameters(), work.rate, momentum=0.9)

    def step(self, i: int):
        batch = self._batches[i % len(self._batches)]
        self._optimizer.zero_grad()
        losses = []
        for x, y in batch:
            logits = self._net(x)
            loss = F.cross_entropy(logits.flatten(0, -2), y.flatten()) / len(batch)
            loss.backward()
            losses.append(loss.detach())
        self._optimizer.step()
        self._last = losses

    def loss(self) -> float:
        return sum(float(x) for x in self._last)

    def wait(self) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
