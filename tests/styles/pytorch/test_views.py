"""Tensors that share memory with another one, and the way to a GPU that the face names."""

import numpy as np
import pytest

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
