"""Finance and optimisation."""

import math

import numpy as np


def normal_cdf(x):
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


def black_scholes(spot, strike, rate, volatility, expiry):
    d1 = (math.log(spot / strike) + (rate + volatility**2 / 2) * expiry) / (volatility * math.sqrt(expiry))
    d2 = d1 - volatility * math.sqrt(expiry)
    return spot * normal_cdf(d1) - strike * math.exp(-rate * expiry) * normal_cdf(d2)


def binomial_american_put(spot, strike, rate, volatility):
    n, h = 12, 1.0 / 12
    up = np.exp(volatility * np.sqrt(h))
    p = (np.exp(rate * h) - 1 / up) / (up - 1 / up)
    values = np.array([max(strike - spot * up ** (2 * j - n), 0.0) for j in range(n + 1)])
    for step in range(n - 1, -1, -1):
        for j in range(step + 1):
            hold = np.exp(-rate * h) * (p * values[j + 1] + (1 - p) * values[j])
            values[j] = max(hold, strike - spot * up ** (2 * j - step))
    return values[0]


def monte_carlo_asian(spot, volatility, normals):
    h = 1.0 / normals.shape[1]
    steps = -0.5 * volatility**2 * h + volatility * np.sqrt(h) * normals
    paths = spot * np.exp(np.cumsum(steps, axis=1))
    return np.mean(np.maximum(paths.mean(axis=1) - 100.0, 0.0))


def bond_price(curve, coupon):
    price = 0.0
    for year, rate in enumerate(curve, start=1):
        price += coupon / (1 + rate) ** year
    return price + 100 / (1 + curve[-1]) ** len(curve)


def internal_rate_of_return(flows):
    """Newton's method on the net present value."""
    r = 0.1
    for _ in range(30):
        powers = np.arange(len(flows))
        value = np.sum(flows / (1 + r) ** powers)
        slope = np.sum(-powers * flows / (1 + r) ** (powers + 1))
        r = r - value / slope
    return r


def portfolio_variance(weights, returns):
    w = weights / weights.sum()
    return w @ np.cov(returns.T) @ w


def value_at_risk(weights, returns):
    outcome = np.sort(returns @ weights)
    return -np.percentile(outcome, 20) - outcome[:2].mean()


def bisection_root(a):
    """x with x³ + a·x = 1, by bisection and one Newton step that carries the derivative."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        if middle**3 + a * middle > 1:
            high = middle
        else:
            low = middle
    return middle - (middle**3 + a * middle - 1) / (3 * middle**2 + a)


def golden_section_minimum(a, b):
    """Where (x - a)² + b·x⁴ is least, by golden section and Newton steps that carry the derivative."""

    def f(x):
        return (x - a) ** 2 + b * x**4

    ratio = (math.sqrt(5) - 1) / 2
    low, high = -2.0, 2.0
    for _ in range(45):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if f(left) < f(right):
            high = right
        else:
            low = left
    x = 0.5 * (low + high)
    for _ in range(2):
        x = x - (2 * (x - a) + 4 * b * x**3) / (2 + 12 * b * x**2)
    return x


def rosenbrock(x):
    return sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(len(x) - 1))


def simpson_integral(a, b, k):
    n = 20
    x = np.linspace(a, b, n + 1)
    y = np.exp(-k * x**2) * np.cos(x)
    return (b - a) / (3 * n) * (y[0] + y[-1] + 4 * y[1:-1:2].sum() + 2 * y[2:-1:2].sum())


def gauss_legendre(power):
    nodes, weights = np.polynomial.legendre.leggauss(5)
    return sum(w * (1.5 + x) ** power for x, w in zip(nodes, weights))


def inventory_dynamic_program(prices, holding):
    n = len(prices)
    value = np.zeros((n + 1, 4))
    for t in reversed(range(n)):
        for stock in range(4):
            keep = value[t + 1, stock] - holding * stock
            sell = prices[t] + value[t + 1, stock - 1] - holding * stock if stock > 0 else -1e3
            value[t, stock] = max(keep, sell)
    return value[0, 3]


INPUTS = {
    "black_scholes": (100.0, 105.0, 0.03, 0.2, 0.75),
    "binomial_american_put": (100.0, 104.0, 0.05, 0.3),
    "monte_carlo_asian": (101.0, 0.25, np.sin(np.arange(40.0) ** 1.3).reshape(5, 8) * 1.5),
    "bond_price": (np.array([0.02, 0.025, 0.03, 0.031]), 4.0),
    "internal_rate_of_return": (np.array([-100.0, 30.0, 45.0, 60.0]),),
    "portfolio_variance": (np.array([0.3, 0.5, 0.2]), np.sin(np.arange(24.0) ** 1.3).reshape(8, 3)),
    "value_at_risk": (np.array([0.3, 0.5, 0.2]), np.sin(np.arange(24.0) ** 1.3).reshape(8, 3)),
    "bisection_root": (1.3,),
    "golden_section_minimum": (0.8, 0.4),
    "rosenbrock": (np.array([0.5, -0.3, 0.8, 0.1]),),
    "simpson_integral": (0.1, 1.4, 0.7),
    "gauss_legendre": (2.5,),
    "inventory_dynamic_program": (np.array([3.0, 5.0, 4.2, 6.1]), 0.3),
}
