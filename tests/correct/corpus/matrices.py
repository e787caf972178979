"""Linear-algebra algorithms written by hand."""

import numpy as np


def gauss_elimination(A, b):
    A, b = A.copy(), b.copy()
    n = len(b)
    for k in range(n):
        p = k + np.argmax(np.abs(A[k:, k]))
        if p != k:
            A[[k, p]] = A[[p, k]]
            b[[k, p]] = b[[p, k]]
        for i in range(k + 1, n):
            factor = A[i, k] / A[k, k]
            A[i, k:] -= factor * A[k, k:]
            b[i] -= factor * b[k]
    x = np.zeros(n)
    for i in reversed(range(n)):
        x[i] = (b[i] - A[i, i + 1 :] @ x[i + 1 :]) / A[i, i]
    return np.sum(x**2)


def qr_by_givens(A):
    R = A.copy()
    m, n = R.shape
    Q = np.eye(m)
    for j in range(n):
        for i in range(m - 1, j, -1):
            r = np.hypot(R[i - 1, j], R[i, j])
            c, s = R[i - 1, j] / r, R[i, j] / r
            G = np.array([[c, s], [-s, c]])
            R[i - 1 : i + 1, :] = G @ R[i - 1 : i + 1, :]
            Q[i - 1 : i + 1, :] = G @ Q[i - 1 : i + 1, :]
    return np.sum(np.triu(R)[:n] ** 3) + Q[0, 1]


def gram_schmidt(A):
    Q = np.zeros_like(A)
    for j in range(A.shape[1]):
        v = A[:, j].copy()
        for k in range(j):
            v -= (Q[:, k] @ A[:, j]) * Q[:, k]
        Q[:, j] = v / np.linalg.norm(v)
    return np.sum(Q * np.arange(1.0, 1 + Q.size).reshape(Q.shape))


def power_iteration(A):
    S = A + A.T
    v = np.ones(len(S)) / np.sqrt(len(S))
    for _ in range(30):
        w = S @ v
        v = w / np.linalg.norm(w)
    return v @ S @ v


def conjugate_gradients(A, b):
    S = A @ A.T + np.eye(len(b))
    x = np.zeros_like(b)
    r = b - S @ x
    p = r.copy()
    for _ in range(len(b)):
        step = (r @ r) / (p @ S @ p)
        x = x + step * p
        new = r - step * (S @ p)
        p = new + (new @ new) / (r @ r) * p
        r = new
    return x @ x


def cholesky_by_hand(A):
    S = A @ A.T + 2 * np.eye(len(A))
    n = len(S)
    L = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            rest = S[i, j] - np.dot(L[i, :j], L[j, :j])
            L[i, j] = np.sqrt(rest) if i == j else rest / L[j, j]
    return 2 * np.sum(np.log(np.diag(L)))


def thomas_tridiagonal(lower, diagonal, upper, rhs):
    n = len(diagonal)
    c, d = np.zeros(n), np.zeros(n)
    c[0], d[0] = upper[0] / diagonal[0], rhs[0] / diagonal[0]
    for i in range(1, n):
        m = diagonal[i] - lower[i - 1] * c[i - 1]
        c[i] = upper[i] / m if i < n - 1 else 0.0
        d[i] = (rhs[i] - lower[i - 1] * d[i - 1]) / m
    for i in range(n - 2, -1, -1):
        d[i] -= c[i] * d[i + 1]
    return np.prod(1 + d**2)


def matrix_exponential_series(A):
    term = total = np.eye(A.shape[0])
    for k in range(1, 15):
        term = term @ A / k
        total = total + term
    return np.trace(total)


def newton_schulz_inverse(A):
    X = A.T / (np.linalg.norm(A, 1) * np.linalg.norm(A, np.inf))
    for _ in range(15):
        X = X @ (2 * np.eye(len(A)) - A @ X)
    return np.sum(X[0])


def determinant_by_minors(A):
    if A.shape == (1, 1):
        return A[0, 0]
    total = 0.0
    for j in range(A.shape[1]):
        minor = np.delete(np.delete(A, 0, axis=0), j, axis=1)
        total += (-1) ** j * A[0, j] * determinant_by_minors(minor)
    return total


def jacobi_eigenvalues(A):
    S = (A + A.T) / 2
    n = len(S)
    for _ in range(6):
        for p in range(n - 1):
            for q in range(p + 1, n):
                angle = 0.5 * np.arctan2(2 * S[p, q], S[q, q] - S[p, p])
                c, s = np.cos(angle), np.sin(angle)
                J = np.eye(n)
                J[p, p] = J[q, q] = c
                J[p, q], J[q, p] = s, -s
                S = J.T @ S @ J
    return np.sum(np.diag(S) ** 3)


def leverage_scores(X):
    H = X @ np.linalg.solve(X.T @ X, X.T)
    return np.max(np.diagonal(H))


def procrustes_distance(X, Y):
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    return np.linalg.norm(X) ** 2 + np.linalg.norm(Y) ** 2 - 2 * np.linalg.svd(X.T @ Y, compute_uv=False).sum()


def _matrix(n, m=None):
    m = m or n
    return np.cos(np.arange(1.0, 1 + n * m) ** 1.4).reshape(n, m) + (2 * np.eye(n, m))


INPUTS = {
    "gauss_elimination": (_matrix(4), np.array([1.0, -2.0, 0.5, 3.0])),
    "qr_by_givens": (_matrix(4, 3),),
    "gram_schmidt": (_matrix(4, 3),),
    "power_iteration": (_matrix(4),),
    "conjugate_gradients": (_matrix(5), np.array([1.0, 2.0, -1.0, 0.5, 0.0])),
    "cholesky_by_hand": (_matrix(4),),
    "thomas_tridiagonal": (np.array([0.5, -0.3, 0.2]), np.array([2.0, 2.5, 3.0, 2.2]), np.array([0.4, 0.7, -0.5]),
                           np.array([1.0, 0.5, -1.0, 2.0])),
    "matrix_exponential_series": (0.3 * _matrix(3),),
    "newton_schulz_inverse": (_matrix(3),),
    "determinant_by_minors": (_matrix(4),),
    "jacobi_eigenvalues": (_matrix(3),),
    "leverage_scores": (_matrix(5, 2),),
    "procrustes_distance": (_matrix(4, 2), _matrix(4, 2)[::-1].copy()),
}  # fmt: skip
