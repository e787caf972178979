"""Physics: many bodies, spins, fields on grids, optics."""

import math

import numpy as np


def nbody_energy(positions, masses):
    energy = 0.0
    for i in range(len(masses)):
        for j in range(i):
            offset = positions[i] - positions[j]
            energy -= masses[i] * masses[j] / np.sqrt(np.dot(offset, offset) + 1e-2)
    return energy


def nbody_accelerations(positions, masses):
    difference = positions[:, None, :] - positions[None, :, :]
    square = np.sum(difference**2, axis=-1) + 0.01
    np.fill_diagonal(square, np.inf)
    pull = -(masses[None, :, None] * difference) / square[:, :, None] ** 1.5
    return np.linalg.norm(pull.sum(axis=1), axis=1).max()


def lennard_jones(r, sigma, epsilon):
    ratio6 = (sigma / r) ** 6
    return np.sum(4 * epsilon * (ratio6**2 - ratio6))


def ising_energy(spins, coupling, field):
    """Relaxed spins on a torus."""
    s = np.tanh(spins)
    neighbours = np.roll(s, 1, 0) + np.roll(s, -1, 0) + np.roll(s, 1, 1) + np.roll(s, -1, 1)
    return -0.5 * coupling * np.sum(s * neighbours) - field * np.sum(s)


def heat_equation(temperature, diffusivity):
    u = temperature.copy()
    for _ in range(15):
        new = u.copy()
        for i in range(1, len(u) - 1):
            new[i] = u[i] + diffusivity * (u[i + 1] - 2 * u[i] + u[i - 1])
        u = new
    return np.sum(u**2)


def heat_equation_slices(temperature, diffusivity):
    u = temperature.copy()
    for _ in range(10):
        u[1:-1, 1:-1] += diffusivity * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4 * u[1:-1, 1:-1])
        u[0, :] = u[1, :]
        u[-1, :] = u[-2, :]
    return u.std()


def wave_equation(shape, speed):
    before, now = shape.copy(), shape.copy()
    c2 = speed**2
    for _ in range(12):
        after = np.zeros_like(now)
        after[1:-1] = 2 * now[1:-1] - before[1:-1] + c2 * (now[2:] - 2 * now[1:-1] + now[:-2])
        before, now = now, after
    return np.dot(now, now)


def poisson_jacobi(source):
    n = source.shape[0]
    u = np.zeros((n + 2, n + 2))
    for _ in range(20):
        u[1:-1, 1:-1] = 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] + source)
    return u.sum()


def poisson_gauss_seidel(source, omega):
    n = len(source)
    u = np.zeros(n + 2)
    for _ in range(8):
        for i in range(1, n + 1):
            u[i] = (1 - omega) * u[i] + omega * 0.5 * (u[i - 1] + u[i + 1] + source[i - 1])
    return u[1:-1] @ np.arange(1.0, n + 1)


def burgers_upwind(u0, viscosity):
    u = u0.copy()
    for _ in range(10):
        forward = np.where(u > 0, u - np.roll(u, 1), np.roll(u, -1) - u)
        u = u - 0.1 * u * forward + viscosity * (np.roll(u, 1) - 2 * u + np.roll(u, -1))
    return np.sum(np.abs(u))


def harmonic_oscillator_spectrum(mass, stiffness):
    n = 6
    K = np.zeros((n, n))
    for i in range(n):
        K[i, i] = 2 * stiffness / mass
        if i > 0:
            K[i, i - 1] = K[i - 1, i] = -stiffness / mass
    return np.sqrt(np.linalg.eigvalsh(K)).sum()


def projectile_with_drag(speed, angle, drag):
    vx, vy = speed * math.cos(angle), speed * math.sin(angle)
    x = y = 0.0
    while True:
        v = math.sqrt(vx * vx + vy * vy)
        vx -= 0.01 * drag * v * vx
        vy -= 0.01 * (9.81 + drag * v * vy)
        if y + 0.01 * vy < 0:
            return x + vx * (y / -vy)
        x += 0.01 * vx
        y += 0.01 * vy


def thin_film_transmission(thicknesses, index):
    """Transfer matrices of a stack of layers, in complex numbers."""
    M = np.eye(2, dtype=complex)
    for k, d in enumerate(thicknesses):
        n = index if k % 2 == 0 else 1.38
        phase = 2 * np.pi * n * d / 0.55
        layer = np.array([[np.cos(phase), 1j * np.sin(phase) / n], [1j * n * np.sin(phase), np.cos(phase)]])
        M = M @ layer
    r = (M[0, 0] + 1.5 * M[0, 1] - M[1, 0] - 1.5 * M[1, 1]) / (M[0, 0] + 1.5 * M[0, 1] + M[1, 0] + 1.5 * M[1, 1])
    return 1 - np.abs(r) ** 2


def polymer_bending(angles, stiffness):
    heading = np.cumsum(angles)
    x, y = np.cumsum(np.cos(heading)), np.cumsum(np.sin(heading))
    return stiffness * np.sum(np.diff(angles) ** 2) - np.hypot(x[-1], y[-1])


def lattice_boltzmann_collision(f, omega):
    """One relaxation step on the D1Q3 lattice."""
    weights, velocities = np.array([2 / 3, 1 / 6, 1 / 6]), np.array([0, 1, -1])
    for _ in range(5):
        density = f.sum(axis=0)
        velocity = (velocities[:, None] * f).sum(axis=0) / density
        cu = 3 * velocities[:, None] * velocity
        f = f + omega * (weights[:, None] * density * (1 + cu + 0.5 * cu**2 - 1.5 * velocity**2) - f)
        f = np.stack([f[0], np.roll(f[1], 1), np.roll(f[2], -1)])
    return np.sum(f[1] * f[2])


def _points(*shape):
    return np.sin(np.arange(1.0, 1 + np.prod(shape)) ** 1.5).reshape(shape)


INPUTS = {
    "nbody_energy": (_points(5, 3), np.array([1.0, 2.0, 0.5, 1.5, 0.7])),
    "nbody_accelerations": (_points(4, 3), np.array([1.0, 2.0, 0.5, 1.5])),
    "lennard_jones": (np.array([1.1, 1.5, 2.2]), 1.0, 0.8),
    "ising_energy": (_points(4, 4), 0.7, 0.2),
    "heat_equation": (_points(12), 0.2),
    "heat_equation_slices": (_points(6, 7), 0.1),
    "wave_equation": (_points(14), 0.6),
    "poisson_jacobi": (_points(4, 4),),
    "poisson_gauss_seidel": (_points(8), 1.3),
    "burgers_upwind": (_points(11), 0.05),
    "harmonic_oscillator_spectrum": (1.3, 2.0),
    "projectile_with_drag": (9.0, 0.8, 0.04),
    "thin_film_transmission": (np.array([0.1, 0.07, 0.12]), 2.2),
    "polymer_bending": (_points(9), 0.3),
    "lattice_boltzmann_collision": (1.0 + 0.1 * _points(3, 6), 0.8),
}
