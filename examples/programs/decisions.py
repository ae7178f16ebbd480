"""A detector in the manner of SSD, deep Q-learning, and matrix factorization."""

import random
from collections import deque, namedtuple

import numpy as np

import gluonx as mx
from gluonx import autograd, gluon, nd
from gluonx.gluon import nn

# -- detection -----------------------------------------------------------------------------------


def scenes(n, rng, size=16):
    """Noisy images with one bright square each; the box is (class, left, top, right, bottom)."""
    images = rng.rand(n, 1, size, size) * 0.3
    boxes = np.zeros((n, 1, 5))
    for image, box in zip(images, boxes):
        side = rng.randint(5, 8)
        x, y = rng.randint(0, size - side, 2)
        image[0, y : y + side, x : x + side] += 0.7
        box[0, 1:] = x / size, y / size, (x + side) / size, (y + side) / size
    return nd.array(images), nd.array(boxes)


class TinySSD(nn.Block):
    """Liu et al., "SSD: single shot multibox detector", 2016; at two scales."""

    def __init__(self, num_classes, **kwargs):
        super().__init__(**kwargs)
        self.num_classes = num_classes
        self.sizes = [[0.3, 0.4], [0.5, 0.7]]
        self.ratios = [[1, 2, 0.5]] * 2
        num_anchors = len(self.sizes[0]) + len(self.ratios[0]) - 1
        for i in range(2):
            block = nn.HybridSequential()
            block.add(nn.Conv2D(12, 3, padding=1), nn.BatchNorm(in_channels=12))
            block.add(nn.Activation("relu"), nn.MaxPool2D(2))
            setattr(self, f"blk_{i}", block)
            setattr(self, f"cls_{i}", nn.Conv2D(num_anchors * (num_classes + 1), 3, padding=1))
            setattr(self, f"bbox_{i}", nn.Conv2D(num_anchors * 4, 3, padding=1))

    def forward(self, X):
        anchors, cls_preds, bbox_preds = [], [], []
        for i in range(2):
            X = getattr(self, f"blk_{i}")(X)
            anchors.append(
                mx.nd.contrib.MultiBoxPrior(X, sizes=self.sizes[i], ratios=self.ratios[i])
            )
            cls_preds.append(getattr(self, f"cls_{i}")(X).transpose((0, 2, 3, 1)).flatten())
            bbox_preds.append(getattr(self, f"bbox_{i}")(X).transpose((0, 2, 3, 1)).flatten())
        cls_preds = nd.concat(*cls_preds, dim=1).reshape((0, -1, self.num_classes + 1))
        return nd.concat(*anchors, dim=1), cls_preds, nd.concat(*bbox_preds, dim=1)


def ssd():
    rng = np.random.RandomState(0)
    net = TinySSD(num_classes=1)
    net.initialize(init=mx.init.Xavier(), ctx=mx.cpu())
    net.hybridize()
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01, "wd": 5e-4})
    cls_loss = gluon.loss.SoftmaxCrossEntropyLoss()
    bbox_loss = gluon.loss.L1Loss()
    X, Y = scenes(48, rng)
    for epoch in range(20):
        with autograd.record():
            anchors, cls_preds, bbox_preds = net(X)
            bbox_labels, bbox_masks, cls_labels = mx.nd.contrib.MultiBoxTarget(
                anchors, Y, cls_preds.transpose((0, 2, 1)), negative_mining_ratio=3
            )
            cls = cls_loss(cls_preds, cls_labels, (cls_labels >= 0).expand_dims(-1))
            l = cls + bbox_loss(bbox_preds * bbox_masks, bbox_labels * bbox_masks)
        l.backward()
        trainer.step(len(X))
        if epoch % 10 == 9:
            print("ssd: epoch", epoch + 1, "loss", l.mean().asscalar())
    X, Y = scenes(8, rng)
    anchors, cls_preds, bbox_preds = net(X)
    cls_probs = cls_preds.softmax().transpose((0, 2, 1))
    output = mx.nd.contrib.MultiBoxDetection(cls_probs, bbox_preds, anchors)
    overlaps = []
    for rows, truth in zip(output, Y):
        idx = [i for i, row in enumerate(rows) if row[0].asscalar() != -1]
        best = rows[idx[0]] if idx else rows[0]
        overlap = mx.nd.contrib.box_iou(best[2:6].reshape((1, 4)), truth[:, 1:])
        overlaps.append(overlap.asscalar())
    print("ssd: overlap with the truth", np.mean(overlaps))
    return float(np.mean(overlaps))


# -- deep Q-learning -----------------------------------------------------------------------------


class Corridor:
    """A corridor of cells; the goal is at its right end, each step costs."""

    def __init__(self, length=6):
        self.length = length
        self.action_space = 2

    def reset(self):
        self.place, self.time = random.randrange(self.length - 1), 0
        return self._observation()

    def _observation(self):
        return np.eye(self.length, dtype="float32")[self.place]

    def step(self, action):
        self.time += 1
        self.place = min(max(self.place + (1 if action == 1 else -1), 0), self.length - 1)
        done = self.place == self.length - 1
        return self._observation(), 1.0 if done else -0.1, done or self.time >= 20


Transition = namedtuple("Transition", ("state", "action", "next_state", "reward", "done"))


class DQN(gluon.Block):
    def __init__(self, actions, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.hidden = nn.Dense(16, activation="relu")
            self.out = nn.Dense(actions)

    def forward(self, x):
        return self.out(self.hidden(x))


def dqn():
    """Mnih et al., "Human-level control through deep reinforcement learning", 2015."""
    env = Corridor()
    policy, target = DQN(env.action_space), DQN(env.action_space)
    for net in (policy, target):
        net.initialize(mx.init.Xavier())
        net(nd.zeros((1, env.length)))
        net.hybridize()

    def update_target():
        for t, p in zip(target.collect_params().values(), policy.collect_params().values()):
            t.set_data(p.data())

    update_target()
    trainer = gluon.Trainer(policy.collect_params(), "adam", {"learning_rate": 0.02})
    loss_function = gluon.loss.HuberLoss()
    memory = deque(maxlen=500)
    steps = 0
    for episode in range(40):
        state, done = env.reset(), False
        while not done:
            if random.random() < max(0.05, 1 - episode / 20):
                action = random.randrange(env.action_space)
            else:
                action = int(nd.argmax(policy(nd.array([state])), axis=1).asscalar())
            next_state, reward, done = env.step(action)
            memory.append(Transition(state, action, next_state, reward, done))
            state = next_state
            steps += 1
            if len(memory) >= 32 and steps % 2 == 0:
                batch = Transition(*zip(*random.sample(memory, 32)))
                states, next_states = nd.array(batch.state), nd.array(batch.next_state)
                rewards, ends = nd.array(batch.reward), nd.array(batch.done)
                future = nd.max(target(next_states), axis=1)
                expected = rewards + 0.9 * future * (1 - ends)
                with autograd.record():
                    q = nd.pick(policy(states), nd.array(batch.action), 1)
                    loss = loss_function(q, expected)
                loss.backward()
                for param in policy.collect_params().values():
                    nd.clip(param.grad(), -10, 10, out=param.grad())
                trainer.step(32)
            if steps % 20 == 0:
                update_target()
    right = nd.argmax(policy(nd.array(np.eye(env.length)[:-1])), axis=1).mean().asscalar()
    print("dqn: goes right in", right, "of the cells")
    return float(right)


# -- matrix factorization ------------------------------------------------------------------------


class MFBlock(gluon.HybridBlock):
    def __init__(self, max_users, max_items, num_emb, sparse=True, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.user_embeddings = nn.Embedding(max_users, num_emb, sparse_grad=sparse)
            self.item_embeddings = nn.Embedding(max_items, num_emb, sparse_grad=sparse)

    def hybrid_forward(self, F, users, items):
        a = self.user_embeddings(users)
        b = self.item_embeddings(items)
        return F.sum(a * b, axis=1)


def factorization():
    rng = np.random.RandomState(2)
    truth = rng.randn(30, 3) @ rng.randn(3, 40)
    users, items = (x.ravel() for x in np.meshgrid(np.arange(30), np.arange(40)))
    chosen = rng.permutation(users.size)
    ratings = truth[users, items].astype("float32")
    train, test = chosen[:960], chosen[960:]
    loader = gluon.data.DataLoader(
        gluon.data.ArrayDataset(users[train], items[train], ratings[train]), 96, shuffle=True
    )
    net = MFBlock(30, 40, 3)
    net.initialize(mx.init.Normal(0.5))
    net.hybridize()
    trainer = gluon.Trainer(
        net.collect_params(), "adam", {"learning_rate": 0.05, "lazy_update": True}
    )
    loss_function = gluon.loss.L2Loss()
    metric = mx.metric.RMSE()
    for _ in range(30):
        metric.reset()
        for user, item, score in loader:
            with autograd.record():
                predictions = net(user, item)
                loss = loss_function(predictions, score)
            loss.backward()
            trainer.step(score.shape[0])
            metric.update(score, predictions)
    found = net(nd.array(users[test]), nd.array(items[test]))
    rmse = np.sqrt(np.mean((found.asnumpy() - ratings[test]) ** 2))
    print("factorization:", metric.get(), "held out", rmse, "of", ratings.std())
    return float(rmse / ratings.std())


def main():
    mx.random.seed(4)
    random.seed(4)
    return {"ssd": ssd(), "dqn": dqn(), "factorization": factorization()}


if __name__ == "__main__":
    print(main())
