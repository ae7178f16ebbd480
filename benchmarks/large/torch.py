"""PyTorch: `torch.compile` of network and loss, autocast, fused optimizers."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from .work import Work, blocks

RECIPE = (
    "torch.compile of network and loss under torch.autocast(bfloat16); parameters, gradients and "
    "the (fused) optimizer in float32; channels_last; scaled_dot_product_attention"
)


def conv(inside, out, size, stride=1, pad=0, bias=False):
    return nn.Conv2d(inside, out, size, stride, pad, bias=bias)


class Block(nn.Module):
    def __init__(self, inside, out, stride):
        super().__init__()
        inner = out // 4
        self.conv0 = conv(inside, inner, 1, stride, bias=True)
        self.norm0 = nn.BatchNorm2d(inner)
        self.conv1 = conv(inner, inner, 3, 1, 1)
        self.norm1 = nn.BatchNorm2d(inner)
        self.conv2 = conv(inner, out, 1, bias=True)
        self.norm2 = nn.BatchNorm2d(out)
        self.down = None
        if inside != out:
            self.down = nn.Sequential(conv(inside, out, 1, stride), nn.BatchNorm2d(out))

    def forward(self, x):
        y = F.relu(self.norm0(self.conv0(x)))
        y = F.relu(self.norm1(self.conv1(y)))
        y = self.norm2(self.conv2(y))
        if self.down is not None:
            x = self.down(x)
        return F.relu(x + y)


def resnet(stages, classes):
    return nn.Sequential(
        conv(3, 64, 7, 2, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1),
        *(Block(inside, out, stride) for _, inside, out, stride in blocks(stages)),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(stages[-1][1], classes),
    )  # fmt: skip


class Layer(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.norm0 = nn.LayerNorm(d)
        self.qkv = nn.Linear(d, 3 * d)
        self.proj = nn.Linear(d, d)
        self.norm1 = nn.LayerNorm(d)
        self.fc0 = nn.Linear(d, 4 * d)
        self.fc1 = nn.Linear(4 * d, d)

    def forward(self, x):
        n, length, d = x.shape
        qkv = self.qkv(self.norm0(x)).view(n, length, 3, self.heads, d // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind()
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(y.transpose(1, 2).reshape(n, length, d))
        return x + self.fc1(F.gelu(self.fc0(self.norm1(x))))


class GPT(nn.Module):
    def __init__(self, layers, d, heads, vocab, length):
        super().__init__()
        self.embed = nn.Embedding(vocab, d)
        self.position = nn.Embedding(length, d)
        self.layers = nn.Sequential(*(Layer(d, heads) for _ in range(layers)))
        self.norm = nn.LayerNorm(d)

    def forward(self, tokens):
        x = self.embed(tokens) + self.position.weight
        return F.linear(self.norm(self.layers(x)), self.embed.weight)


class Column:
    def __init__(self, work: Work):
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        with torch.device("meta"):
            net = {"resnet": resnet, "gpt": GPT}[work.net](**work.sizes)
        net = net.to_empty(device=device)
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.reset_running_stats()
        with torch.no_grad():
            for p, w in zip(net.parameters(), work.weights.values(), strict=True):
                p.copy_(torch.tensor(w))
        self._batches = [
            (torch.tensor(x, device=device), torch.tensor(y, device=device).long())
            for x, y in work.batches
        ]
        if work.net == "resnet":
            net = net.to(memory_format=torch.channels_last)
            self._batches = [(x.to(memory_format=torch.channels_last), y) for x, y in self._batches]
        fused = {"fused": device.type == "cuda"}
        if work.optimizer == "adam":
            self._optimizer = torch.optim.Adam(net.parameters(), work.rate, **fused)
        else:
            self._optimizer = torch.optim.SGD(net.parameters(), work.rate, momentum=0.9, **fused)

        def loss_of(x, y):
            with torch.autocast(device.type, torch.bfloat16):
                logits = net(x)
                return F.cross_entropy(logits.flatten(0, -2), y.flatten())

        self._loss_of = torch.compile(loss_of)

    def step(self, i: int) -> None:
        x, y = self._batches[i % len(self._batches)]
        self._optimizer.zero_grad()
        self._loss = self._loss_of(x, y)
        self._loss.backward()
        self._optimizer.step()

    def loss(self) -> float:
        return float(self._loss.detach())

    def wait(self) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
