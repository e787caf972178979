"""Neural layers and training loops."""

import numpy as np


def relu(x):
    return np.maximum(x, 0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def two_layer_network(W1, b1, W2, b2, x, y):
    hidden = np.tanh(x @ W1 + b1)
    return np.mean((hidden @ W2 + b2 - y) ** 2)


def relu_network(weights, x):
    for k in range(len(weights)):
        x = x @ weights[k]
        if k < len(weights) - 1:
            x = relu(x)
    return np.sum(x**2)


def convolution_layer(image, kernel):
    h, w = image.shape
    k = kernel.shape[0]
    out = np.zeros((h - k + 1, w - k + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = np.sum(image[i : i + k, j : j + k] * kernel)
    return relu(out).sum()


def max_pooling(image):
    h, w = image.shape
    pooled = image[: h // 2 * 2, : w // 2 * 2].reshape(h // 2, 2, w // 2, 2).max(axis=(1, 3))
    return np.sum(pooled**2)


def batch_norm(x, gamma, beta):
    mean = x.mean(axis=0)
    variance = x.var(axis=0)
    out = gamma * (x - mean) / np.sqrt(variance + 1e-5) + beta
    return np.sum(out**3)


def layer_norm_gelu(x):
    z = (x - x.mean(-1, keepdims=True)) / (x.std(-1, keepdims=True) + 1e-6)
    return np.sum(0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))))


def attention(query, key, value):
    scores = query @ key.T / np.sqrt(query.shape[-1])
    mask = np.triu(np.ones(scores.shape, dtype=bool), k=1)
    scores = np.where(mask, -1e9, scores)
    scores -= scores.max(axis=-1, keepdims=True)
    weights = np.exp(scores)
    weights /= weights.sum(axis=-1, keepdims=True)
    return np.linalg.norm(weights @ value)


def lstm(W, U, sequence):
    n = U.shape[0]
    h, c = np.zeros(n), np.zeros(n)
    for x in sequence:
        gates = W @ x + np.concatenate([U, U, U, U]) @ h
        i, f, o = (sigmoid(g) for g in np.split(gates[: 3 * n], 3))
        c = f * c + i * np.tanh(gates[3 * n :])
        h = o * np.tanh(c)
    return h.sum()


def recurrent_network(Wx, Wh, inputs):
    states = np.zeros((len(inputs) + 1, Wh.shape[0]))
    for t, x in enumerate(inputs):
        states[t + 1] = np.tanh(Wx @ x + Wh @ states[t])
    return np.mean(states[1:] ** 2)


def embedding_lookup(table, tokens):
    vectors = table[tokens]
    return np.sum(np.tanh(vectors.mean(axis=0)))


def cross_entropy(logits, labels):
    z = logits - np.max(logits, axis=1)[:, None]
    p = np.exp(z)
    p /= np.sum(p, axis=1)[:, None]
    return -np.mean(np.log(p[range(len(labels)), labels]))


def sgd_with_momentum(w0, x, y):
    """The loss after training steps with a hand-written gradient."""
    w, velocity = w0.copy(), np.zeros_like(w0)
    for _ in range(8):
        gradient = 2 * x.T @ (x @ w - y) / len(y)
        velocity *= 0.8
        velocity -= 0.1 * gradient
        w += velocity
    return np.mean((x @ w - y) ** 2)


def contrastive_loss(a, b):
    a = a / np.linalg.norm(a, axis=1, keepdims=True)
    b = b / np.linalg.norm(b, axis=1, keepdims=True)
    s = a @ b.T / 0.5
    return -np.mean(np.diag(s) - np.log(np.sum(np.exp(s), axis=1)))


def decision_by_soft_tree(thresholds, leaves, x):
    result = 0.0
    for row in x:
        p = sigmoid(4 * (row - thresholds))
        result += p[0] * (p[1] * leaves[0] + (1 - p[1]) * leaves[1]) + (1 - p[0]) * leaves[2]
    return result


_W = np.sin(np.arange(1.0, 49.0) ** 1.2)

INPUTS = {
    "two_layer_network": (_W[:6].reshape(2, 3), _W[6:9], _W[9:12].reshape(3, 1), _W[12:13], _W[13:21].reshape(4, 2),
                          _W[21:25].reshape(4, 1)),
    "relu_network": (_W[:27].reshape(3, 3, 3), _W[27:33].reshape(2, 3)),
    "convolution_layer": (_W[:30].reshape(5, 6), _W[30:39].reshape(3, 3)),
    "max_pooling": (_W[:35].reshape(5, 7),),
    "batch_norm": (_W[:12].reshape(4, 3), _W[12:15], _W[15:18]),
    "layer_norm_gelu": (_W[:12].reshape(3, 4),),
    "attention": (_W[:12].reshape(3, 4), _W[12:24].reshape(3, 4), _W[24:36].reshape(3, 4)),
    "lstm": (_W[:16].reshape(8, 2), _W[16:20].reshape(2, 2), _W[20:28].reshape(4, 2)),
    "recurrent_network": (_W[:6].reshape(3, 2), _W[6:15].reshape(3, 3), _W[15:23].reshape(4, 2)),
    "embedding_lookup": (_W[:15].reshape(5, 3), np.array([0, 3, 3, 1])),
    "cross_entropy": (_W[:12].reshape(4, 3), np.array([0, 2, 1, 1])),
    "sgd_with_momentum": (_W[:2], _W[2:12].reshape(5, 2), _W[12:17]),
    "contrastive_loss": (_W[:12].reshape(3, 4), _W[12:24].reshape(3, 4)),
    "decision_by_soft_tree": (_W[:2], _W[2:5], _W[5:13].reshape(4, 2)),
}  # fmt: skip
