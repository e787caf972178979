"""Small parameters that are updated together become what they become one by one."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import adkit.styles.pytorch as torch

OPTIMIZERS = {
    "SGD": lambda params: torch.optim.SGD(params, lr=0.1, momentum=0.9, weight_decay=0.01),
    "plain SGD": lambda params: torch.optim.SGD(params, lr=0.1),
    "Adam": lambda params: torch.optim.Adam(params, lr=0.1, maximize=True),
    "AdamW": lambda params: torch.optim.AdamW(params, lr=0.1),
    "RMSprop": lambda params: torch.optim.RMSprop(params, lr=0.1),
}


def parameters():
    torch.manual_seed(0)
    return [torch.randn(*shape).requires_grad_() for shape in ((2, 3), (3,), (), (1, 2))]


def step(optimizer, params, without=()):
    optimizer.zero_grad()
    loss = sum(((p * (i + 1) - 1) ** 2).sum() for i, p in enumerate(params) if i not in without)
    loss.backward()
    optimizer.step()


def run(optimizer, params, steps=4):
    for _ in range(steps):
        step(optimizer, params)
    return [p.detach().numpy().copy() for p in params]


def apart(make):
    """The same with a group for each parameter, which is never joined with another."""
    params = parameters()
    return params, make([{"params": [p]} for p in params])


def same(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
        assert np.asarray(one).dtype == np.asarray(other).dtype


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_together_is_one_by_one(make):
    params = parameters()
    optimizer = make(params)
    alone, separate = apart(make)
    same(run(optimizer, params), run(separate, alone))
    assert optimizer._joined
    assert not separate._joined
    for held, other in zip(optimizer.state.values(), separate.state.values(), strict=True):
        same([v.numpy() for v in held.values()], [v.numpy() for v in other.values()])


def test_a_parameter_that_has_no_gradient_for_a_step():
    params = parameters()
    optimizer = OPTIMIZERS["Adam"](params)
    alone, separate = apart(OPTIMIZERS["Adam"])
    for group in (optimizer, params), (separate, alone):
        step(*group)
        step(*group, without={1})
        step(*group)  # now one parameter is an update behind
    same([p.detach().numpy() for p in params], [p.detach().numpy() for p in alone])


def test_a_state_that_is_loaded_or_copied_goes_on_from_there():
    params = parameters()
    optimizer = OPTIMIZERS["Adam"](params)
    run(optimizer, params)
    saved, values = copy.deepcopy(optimizer.state_dict()), [p.detach().clone() for p in params]
    expected = run(optimizer, params, 2)
    for p, value in zip(params, values, strict=True):
        with torch.no_grad():
            p.copy_(value)
    optimizer.load_state_dict(saved)
    same(run(optimizer, params, 2), expected)


def test_parameters_that_share_memory_are_updated_one_after_the_other():
    first, second = torch.ones(3), torch.ones(3)
    tied = [first.detach().requires_grad_(), first.detach().requires_grad_()]
    optimizer = torch.optim.SGD([*tied, second.requires_grad_()], lr=0.25)
    (tied[0].sum() + tied[1].sum() + second.sum()).backward()
    optimizer.step()
    np.testing.assert_array_equal(first.numpy(), np.full(3, 0.5, np.float32))
    np.testing.assert_array_equal(second.detach().numpy(), np.full(3, 0.75, np.float32))


def test_large_parameters_stay_apart():
    params = [torch.ones(3000).requires_grad_(), torch.ones(3000).requires_grad_()]
    optimizer = torch.optim.SGD(params, lr=0.1)
    step(optimizer, params)
    assert not optimizer._joined
