"""Time-stepping programs: ordinary differential equations, populations, control."""

import math

import numpy as np


def euler_decay(rate, start, steps):
    x = start
    h = 1.0 / steps
    for _ in range(steps):
        x = x + h * (-rate * x)
    return x


def runge_kutta_pendulum(angle, length):
    g, h = 9.81, 0.02
    state = np.array([angle, 0.0])

    def slope(s):
        return np.array([s[1], -g / length * np.sin(s[0])])

    for _ in range(25):
        k1 = slope(state)
        k2 = slope(state + h / 2 * k1)
        k3 = slope(state + h / 2 * k2)
        k4 = slope(state + h * k3)
        state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return state[0] ** 2 + 0.1 * state[1]


def lotka_volterra(params, prey, predator):
    a, b, c, d = params
    history = np.zeros((30, 2))
    history[0] = prey, predator
    for t in range(1, 30):
        x, y = history[t - 1]
        history[t, 0] = x + 0.05 * (a * x - b * x * y)
        history[t, 1] = y + 0.05 * (c * x * y - d * y)
    return history.mean(axis=0).sum()


def sir_epidemic(beta, gamma):
    s, i, r = 0.99, 0.01, 0.0
    worst = 0.0
    for _ in range(60):
        infected = beta * s * i
        recovered = gamma * i
        s, i, r = s - infected, i + infected - recovered, r + recovered
        if i > worst:
            worst = i
    return worst + r


def adaptive_step(stiffness):
    """Heun's method whose step depends on the estimated error."""
    t, y, h = 0.0, 1.0, 0.1
    while t < 0.8:
        k1 = -stiffness * y
        k2 = -stiffness * (y + h * k1)
        error = abs(h / 2 * (k2 - k1))
        if error > 5e-3:
            h = h / 2
            continue
        y = y + h / 2 * (k1 + k2)
        t = t + h
        if error < 1e-3 and h < 0.1:
            h = 2 * h
    return y


def bouncing_ball(height, bounciness):
    position, velocity, h = height, 0.0, 0.01
    for _ in range(150):
        velocity -= 9.81 * h
        position += velocity * h
        if position < 0:
            position = -position * bounciness
            velocity = -velocity * bounciness
    return position


def pid_controller(gains, target):
    value, integral, previous, cost = 0.0, 0.0, 0.0, 0.0
    for _ in range(40):
        error = target - value
        integral += error * 0.1
        rate = (error - previous) / 0.1
        control = gains[0] * error + gains[1] * integral + gains[2] * rate
        control = min(max(control, -2.0), 2.0)
        value += 0.1 * (control - 0.5 * value)
        previous = error
        cost += error**2
    return cost


def verlet_spring_chain(positions, stiffness):
    x = positions.copy()
    v = np.zeros_like(x)
    force = np.empty_like(x)
    for _ in range(20):
        force[:] = 0.0
        stretch = x[1:] - x[:-1] - 1.0
        force[:-1] += stiffness * stretch
        force[1:] -= stiffness * stretch
        v += 0.05 * force
        x += 0.05 * v
    return (x**2).sum() + (v * v).sum()


def logistic_map(r, start):
    x = start
    values = []
    for _ in range(12):
        x = r * x * (1 - x)
        values.append(x)
    return np.mean(values[2:])


def leaky_integrate_and_fire(current, leak):
    """A neuron whose potential is reset at a threshold."""
    v, spikes, trace = 0.0, 0, []
    for t in range(80):
        v = v + 0.05 * (current[t % len(current)] - leak * v)
        if v > 1.0:
            v = v - 1.0
            spikes += 1
        trace.append(v)
    return math.fsum([0.1 * spikes]) + sum(trace) / len(trace)


def monod_chemostat(mu, y0):
    y = np.array(y0, dtype=float)
    for _ in range(30):
        growth = mu * y[0] / (0.5 + y[0]) * y[1]
        y += 0.05 * np.array([0.3 * (1.0 - y[0]) - growth / 0.4, growth - 0.3 * y[1]])
    return np.dot(y, [1.0, 2.0])


def implicit_euler_newton(k, y0):
    """y' = -k·y³ by implicit Euler, each step solved by Newton's method."""
    y = y0
    for _ in range(10):
        z = y
        for _ in range(20):
            residual = z - y + 0.1 * k * z**3
            if abs(residual) < 1e-14:
                break
            z = z - residual / (1 + 0.3 * k * z**2)
        y = z
    return y


INPUTS = {
    "euler_decay": (1.3, 2.0, 50),
    "runge_kutta_pendulum": (0.7, 1.4),
    "lotka_volterra": (np.array([1.1, 0.4, 0.1, 0.4]), 10.0, 5.0),
    "sir_epidemic": (0.6, 0.13),
    "adaptive_step": (3.1,),
    "bouncing_ball": (1.2, 0.8),
    "pid_controller": (np.array([1.2, 0.3, 0.05]), 1.5),
    "verlet_spring_chain": (np.array([0.0, 1.2, 1.9, 3.3, 4.0]), 2.0),
    "logistic_map": (3.1, 0.3),
    "leaky_integrate_and_fire": (np.array([1.5, 2.0, 0.7]), 0.6),
    "monod_chemostat": (0.8, np.array([0.9, 0.4])),
    "implicit_euler_newton": (0.9, 1.5),
}
