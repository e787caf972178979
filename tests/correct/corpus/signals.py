"""Filters, signals, images, splines, sequences, graphs."""

import numpy as np


def kalman_filter(q, r, measurements):
    x, p, total = 0.0, 1.0, 0.0
    for z in measurements:
        p = p + q
        k = p / (p + r)
        innovation = z - x
        total += 0.5 * (np.log(p + r) + innovation**2 / (p + r))
        x = x + k * innovation
        p = (1 - k) * p
    return total


def kalman_filter_2d(noise, measurements):
    F = np.array([[1.0, 0.1], [0.0, 1.0]])
    H = np.array([[1.0, 0.0]])
    x, P = np.zeros(2), np.eye(2)
    for z in measurements:
        x = F @ x
        P = F @ P @ F.T + noise * np.eye(2)
        S = H @ P @ H.T + 0.1
        K = P @ H.T @ np.linalg.inv(S)
        x = x + (K @ (z - H @ x)).ravel()
        P = (np.eye(2) - K @ H) @ P
    return x @ x + np.trace(P)


def iir_filter(b, a, x):
    y = np.zeros(len(x))
    for n in range(len(x)):
        for k in range(len(b)):
            if n - k >= 0:
                y[n] += b[k] * x[n - k]
        for k in range(1, len(a)):
            if n - k >= 0:
                y[n] -= a[k] * y[n - k]
        y[n] /= a[0]
    return np.sum(y**2)


def fir_filter(taps, signal):
    return np.max(np.abs(np.convolve(signal, taps, mode="valid")))


def exponential_smoothing(level, trend, data):
    s, b = data[0], data[1] - data[0]
    errors = []
    for x in data[1:]:
        errors.append(x - (s + b))
        before = s
        s = level * x + (1 - level) * (s + b)
        b = trend * (s - before) + (1 - trend) * b
    return np.mean(np.square(errors))


def spectral_energy(signal, cutoff):
    spectrum = np.fft.rfft(signal * np.hanning(len(signal)))
    frequencies = np.fft.rfftfreq(len(signal))
    weights = 1 / (1 + (frequencies / cutoff) ** 4)
    return np.sum(weights * np.abs(spectrum) ** 2)


def gaussian_blur(image, sigma):
    x = np.arange(-2, 3)
    kernel = np.exp(-(x**2) / (2 * sigma**2))
    kernel /= kernel.sum()
    padded = np.pad(image, 2, mode="edge")
    rows = sum(kernel[k] * padded[:, k : k + image.shape[1]] for k in range(5))
    both = sum(kernel[k] * rows[k : k + image.shape[0], :] for k in range(5))
    return np.sum((both - image) ** 2)


def sobel_edges(image):
    gx = image[:-2, 2:] + 2 * image[1:-1, 2:] + image[2:, 2:] - image[:-2, :-2] - 2 * image[1:-1, :-2] - image[2:, :-2]
    gy = image[2:, :-2] + 2 * image[2:, 1:-1] + image[2:, 2:] - image[:-2, :-2] - 2 * image[:-2, 1:-1] - image[:-2, 2:]
    return np.sqrt(gx**2 + gy**2 + 1e-3).mean()


def total_variation(image):
    return np.abs(np.diff(image, axis=0)).sum() + np.abs(np.diff(image, axis=1)).sum()


def bilinear_sample(image, y, x):
    i, j = int(np.floor(y)), int(np.floor(x))
    dy, dx = y - i, x - j
    return (
        image[i, j] * (1 - dy) * (1 - dx)
        + image[i + 1, j] * dy * (1 - dx)
        + image[i, j + 1] * (1 - dy) * dx
        + image[i + 1, j + 1] * dy * dx
    )


def cubic_spline(knots, values, where):
    n = len(knots)
    h = np.diff(knots)
    A, rhs = np.eye(n), np.zeros(n)
    for i in range(1, n - 1):
        A[i, i - 1 : i + 2] = h[i - 1], 2 * (h[i - 1] + h[i]), h[i]
        rhs[i] = 6 * ((values[i + 1] - values[i]) / h[i] - (values[i] - values[i - 1]) / h[i - 1])
    m = np.linalg.solve(A, rhs)
    total = 0.0
    for x in where:
        i = min(max(np.searchsorted(knots, x) - 1, 0), n - 2)
        t, s = x - knots[i], knots[i + 1] - x
        total += (m[i] * s**3 + m[i + 1] * t**3) / (6 * h[i])
        total += (values[i] / h[i] - m[i] * h[i] / 6) * s + (values[i + 1] / h[i] - m[i + 1] * h[i] / 6) * t
    return total


def de_casteljau(points, t):
    p = points.copy()
    n = len(p)
    for r in range(1, n):
        for i in range(n - r):
            p[i] = (1 - t) * p[i] + t * p[i + 1]
    return p[0] @ p[0]


def lagrange_interpolation(xs, ys, x):
    total = 0.0
    for i in range(len(xs)):
        term = ys[i]
        for j in range(len(xs)):
            if i != j:
                term *= (x - xs[j]) / (xs[i] - xs[j])
        total += term
    return total


def piecewise_linear(xp, fp, x):
    return np.sum(np.interp(x, xp, fp) ** 2)


def soft_dtw(a, b, gamma):
    n, m = len(a), len(b)
    R = np.full((n + 1, m + 1), 1e6)
    R[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = (a[i - 1] - b[j - 1]) ** 2
            options = np.array([R[i - 1, j], R[i, j - 1], R[i - 1, j - 1]])
            low = options.min()
            R[i, j] = cost + low - gamma * np.log(np.sum(np.exp(-(options - low) / gamma)))
    return R[n, m]


def edit_distance(costs, first, second):
    table = np.zeros((len(first) + 1, len(second) + 1))
    table[:, 0] = costs[0] * np.arange(len(first) + 1)
    table[0, :] = costs[1] * np.arange(len(second) + 1)
    for i in range(1, len(first) + 1):
        for j in range(1, len(second) + 1):
            change = 0.0 if first[i - 1] == second[j - 1] else costs[2]
            table[i, j] = min(table[i - 1, j] + costs[0], table[i, j - 1] + costs[1], table[i - 1, j - 1] + change)
    return table[-1, -1]


def graph_laplacian_energy(weights, edges, signal):
    n = len(signal)
    L = np.zeros((n, n))
    for w, (i, j) in zip(weights, edges):
        L[i, i] += w
        L[j, j] += w
        L[i, j] -= w
        L[j, i] -= w
    return signal @ L @ signal + np.linalg.slogdet(L + np.eye(n))[1]


def page_rank(links, damping):
    stochastic = links / links.sum(axis=0)
    rank = np.ones(len(links)) / len(links)
    for _ in range(20):
        rank = (1 - damping) / len(links) + damping * stochastic @ rank
    return rank[0] - rank[-1]


def shortest_path_relaxed(lengths):
    """Bellman and Ford with a smooth minimum."""
    n = len(lengths)
    distance = np.full(n, 50.0)
    distance[0] = 0.0
    for _ in range(n - 1):
        for v in range(1, n):
            through = distance + lengths[:, v]
            distance[v] = -np.log(np.exp(-through).sum() + np.exp(-distance[v]))
    return distance[-1]


def haar_wavelet(signal):
    a = signal.astype(float)
    details = []
    while len(a) > 1:
        even, odd = a[::2], a[1::2]
        details.append((even - odd) / np.sqrt(2))
        a = (even + odd) / np.sqrt(2)
    return sum(np.abs(d).sum() for d in details) + a[0]


def histogram_soft(data, centres, width):
    counts = np.zeros(len(centres))
    for x in data:
        w = np.exp(-(((x - centres) / width) ** 2))
        counts += w / w.sum()
    p = counts / counts.sum()
    return -np.sum(p * np.log(p))


def median_filter(signal):
    out = np.empty_like(signal)
    for i in range(len(signal)):
        out[i] = np.median(signal[max(0, i - 1) : i + 2])
    return np.sum(out**2)


_S = np.sin(np.arange(1.0, 41.0) ** 1.3)

INPUTS = {
    "kalman_filter": (0.1, 0.5, _S[:10]),
    "kalman_filter_2d": (0.05, _S[:6]),
    "iir_filter": (np.array([0.3, 0.2]), np.array([1.1, -0.5, 0.1]), _S[:12]),
    "fir_filter": (np.array([0.2, 0.5, 0.3]), _S[:15]),
    "exponential_smoothing": (0.4, 0.2, _S[:12]),
    "spectral_energy": (_S[:16], 0.2),
    "gaussian_blur": (_S[:30].reshape(5, 6), 0.9),
    "sobel_edges": (_S[:30].reshape(5, 6),),
    "total_variation": (_S[:20].reshape(4, 5),),
    "bilinear_sample": (_S[:20].reshape(4, 5), 1.3, 2.7),
    "cubic_spline": (np.array([0.0, 0.8, 1.5, 2.4, 3.0]), _S[:5], np.array([0.3, 1.1, 2.9])),
    "de_casteljau": (_S[:8].reshape(4, 2), 0.35),
    "lagrange_interpolation": (np.array([0.0, 0.7, 1.5, 2.1]), _S[:4], 1.1),
    "piecewise_linear": (np.array([0.0, 0.5, 1.1, 2.0]), _S[:4], np.array([0.2, 0.9, 1.7])),
    "soft_dtw": (_S[:5], _S[5:9], 0.5),
    "edit_distance": (np.array([1.0, 1.1, 0.7]), "kitten", "sitting"),
    "graph_laplacian_energy": (np.array([1.0, 0.5, 2.0, 0.7]), [(0, 1), (1, 2), (2, 3), (3, 0)], _S[:4]),
    "page_rank": (1.2 + _S[:16].reshape(4, 4), 0.85),
    "shortest_path_relaxed": (2.0 + _S[:16].reshape(4, 4),),
    "haar_wavelet": (_S[:16],),
    "histogram_soft": (_S[:8], np.array([-0.6, 0.0, 0.6]), 0.5),
    "median_filter": (_S[:9],),
}
