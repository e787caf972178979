"""Tensors that share memory with another one, and the way to a GPU that the face names."""

import numpy as np
import pytest

import adkit
import adkit.styles.pytorch as torch
from adkit import settings
from adkit.settings import CHOICES


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0], [0.0], []])
def test_detached_tensors_of_any_size_share_memory_with_the_leaf(values):
    x = torch.tensor(values, requires_grad=True)
    y = x.detach()
    assert not y.requires_grad
    np.testing.assert_array_equal(y.numpy(), np.float32(values))
    with torch.no_grad():
        x += 1
    np.testing.assert_array_equal(y.detach().numpy(), np.float32(values) + 1)


def test_the_fix_for_a_gpu_names_a_device_that_settings_know():
    with pytest.raises(Exception, match="settings") as caught:
        torch.tensor([1.0]).cuda()
    named = str(caught.value).partition('device="')[2].partition('"')[0]
    assert named in CHOICES["device"]
    assert settings.current().device == "cpu"


def test_adkits_transformations_take_functions_of_this_style():
    slope = np.sin(2.0) + 2 * np.cos(2.0)
    assert adkit.grad(lambda x: torch.sin(x) * x)(2.0) == pytest.approx(slope, rel=1e-14)
    assert adkit.grad(lambda x: x * torch.sin(x), mode="forward")(2.0) == pytest.approx(slope, rel=1e-14)
    assert adkit.grad(adkit.grad(lambda x: x**2 * torch.sum(x)))(2.0) == pytest.approx(12.0, rel=1e-14)
    np.testing.assert_allclose(adkit.grad(lambda x: (x * torch.exp(x)).sum())(np.ones(2)), 2 * np.e, rtol=1e-14)
