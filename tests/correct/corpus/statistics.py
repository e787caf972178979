"""Statistical models: likelihoods, regressions, Bayesian bits."""

import math

import numpy as np


def gaussian_log_likelihood(mean, log_std, data):
    std = np.exp(log_std)
    return np.sum(-0.5 * ((data - mean) / std) ** 2 - np.log(std) - 0.5 * np.log(2 * np.pi))


def multivariate_normal_logpdf(mean, factor, data):
    cov = factor @ factor.T + 0.5 * np.eye(len(mean))
    sign, logdet = np.linalg.slogdet(cov)
    total = 0.0
    for row in data:
        d = row - mean
        total += -0.5 * (d @ np.linalg.solve(cov, d) + logdet + len(mean) * math.log(2 * math.pi))
    return total


def logistic_regression(weights, bias, features, labels):
    logits = features @ weights + bias
    loss = np.mean(np.logaddexp(0, logits) - labels * logits)
    return loss + 0.01 * np.sum(weights**2)


def poisson_regression(weights, features, counts):
    rate = np.exp(features @ weights)
    return np.sum(rate - counts * np.log(rate))


def softmax_regression(W, features, labels):
    scores = features @ W
    scores = scores - scores.max(axis=1, keepdims=True)
    log_probabilities = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return -log_probabilities[np.arange(len(labels)), labels].mean()


def gaussian_mixture(weights, means, log_scales, data):
    p = np.exp(weights) / np.sum(np.exp(weights))
    total = 0.0
    for x in data:
        parts = []
        for k in range(len(means)):
            z = (x - means[k]) / np.exp(log_scales[k])
            parts.append(np.log(p[k]) - 0.5 * z * z - log_scales[k])
        top = max(parts)
        total += top + np.log(sum(np.exp(q - top) for q in parts))
    return total


def gaussian_process(log_length, log_noise, x, y):
    K = np.exp(-0.5 * (x[:, None] - x[None, :]) ** 2 / np.exp(log_length) ** 2)
    K[np.diag_indices(len(x))] += np.exp(log_noise)
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, y))
    return 0.5 * y @ alpha + np.log(np.diag(L)).sum()


def hidden_markov_forward(log_transition, log_emission, observations):
    transition = np.exp(log_transition)
    transition /= transition.sum(axis=1, keepdims=True)
    emission = np.exp(log_emission)
    emission /= emission.sum(axis=1, keepdims=True)
    alpha = np.full(len(transition), 1.0 / len(transition)) * emission[:, observations[0]]
    log_likelihood = 0.0
    for o in observations[1:]:
        scale = alpha.sum()
        log_likelihood += np.log(scale)
        alpha = (alpha / scale) @ transition * emission[:, o]
    return log_likelihood + np.log(alpha.sum())


def huber_regression(slope, intercept, x, y, delta):
    total = 0.0
    for xi, yi in zip(x, y):
        r = abs(yi - slope * xi - intercept)
        total += 0.5 * r**2 if r <= delta else delta * (r - 0.5 * delta)
    return total


def kernel_density(points, bandwidth, where):
    z = (where[:, None] - points) / bandwidth
    return np.log(np.mean(np.exp(-0.5 * z**2), axis=1)).sum() - np.log(bandwidth)


def ar_process(coefficients, data):
    p = len(coefficients)
    residuals = np.empty(len(data) - p)
    for t in range(p, len(data)):
        residuals[t - p] = data[t] - np.dot(coefficients, data[t - p : t][::-1])
    return residuals.var() + residuals.mean() ** 2


def garch_likelihood(omega, alpha, beta, returns):
    variance = np.var(returns)
    total = 0.0
    for r in returns:
        total += np.log(variance) + r**2 / variance
        variance = omega + alpha * r**2 + beta * variance
    return total


def cox_partial_likelihood(beta, covariates, order):
    risk = covariates @ beta
    total = 0.0
    for k, i in enumerate(order):
        total += risk[i] - np.log(np.sum(np.exp(risk[order[k:]])))
    return -total


def soft_kmeans(centres, points, sharpness):
    for _ in range(3):
        distance = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(-1)
        membership = np.exp(-sharpness * distance)
        membership /= membership.sum(axis=1, keepdims=True)
        centres = (membership.T @ points) / membership.sum(axis=0)[:, np.newaxis]
    return np.min(distance, axis=1).sum()


def correlation_penalty(X):
    C = np.corrcoef(X, rowvar=False)
    off = C - np.diag(np.diag(C))
    return np.sum(off**2)


def quantile_loss(prediction, target, q):
    e = target - prediction
    return np.mean(np.maximum(q * e, (q - 1) * e))


def elastic_net(w, X, y):
    return np.mean((X @ w - y) ** 2) + 0.1 * np.abs(w).sum() + 0.05 * np.linalg.norm(w) ** 2


def bayesian_bandit(rates, pulls):
    """Expected best arm by a smooth maximum over a table that is filled on the way."""
    table = np.zeros((len(rates), pulls))
    for i, r in enumerate(rates):
        for k in range(pulls):
            table[i, k] = r * 0.9**k + (table[i, k - 1] if k else 0.0)
    return np.log(np.sum(np.exp(table[:, -1])))


_X = np.sin(np.arange(1.0, 19.0) ** 1.3).reshape(6, 3)
_Y = np.cos(np.arange(1.0, 7.0) ** 1.7)

INPUTS = {
    "gaussian_log_likelihood": (0.3, -0.2, _Y),
    "multivariate_normal_logpdf": (np.array([0.1, -0.2, 0.3]), _X[:3], _X),
    "logistic_regression": (np.array([0.5, -0.4, 0.2]), 0.1, _X, (_Y > 0).astype(int)),
    "poisson_regression": (np.array([0.5, -0.4, 0.2]), _X, np.array([1, 0, 2, 3, 1, 0])),
    "softmax_regression": (_X[:3] * 0.7, _X, np.array([0, 2, 1, 1, 0, 2])),
    "gaussian_mixture": (np.array([0.1, 0.4]), np.array([-0.5, 0.8]), np.array([-0.3, 0.2]), _Y),
    "gaussian_process": (0.2, -1.5, np.array([0.0, 0.4, 1.0, 1.3, 2.0, 2.4]), _Y),
    "hidden_markov_forward": (_X[:3], _X[3:], np.array([0, 2, 1, 1, 0, 2, 2])),
    "huber_regression": (0.7, 0.1, _X[:, 0], _Y, 0.4),
    "kernel_density": (_Y, 0.4, np.array([0.0, 0.5, -0.5])),
    "ar_process": (np.array([0.5, -0.2]), np.sin(np.arange(12.0) ** 1.2)),
    "garch_likelihood": (0.1, 0.2, 0.6, _Y),
    "cox_partial_likelihood": (np.array([0.5, -0.4, 0.2]), _X, np.array([3, 0, 5, 1, 2, 4])),
    "soft_kmeans": (_X[:2], _X, 1.5),
    "correlation_penalty": (_X,),
    "quantile_loss": (_X[:, 1], _Y, 0.3),
    "elastic_net": (np.array([0.5, -0.4, 0.2]), _X, _Y),
    "bayesian_bandit": (np.array([0.3, 0.5, 0.2]), 5),
}
