"""Images that are none, and images in every form that is scored."""

import numpy as np
import pytest
import torch

from vaepaper import checks

GOOD = np.zeros((3, 784), dtype=np.float32)


def test_good_images_pass_as_array_tensor_and_read_only_map(tmp_path):
    np.save(tmp_path / "x.npy", GOOD)
    for images in (
        GOOD,
        torch.from_numpy(GOOD),
        np.load(tmp_path / "x.npy", mmap_mode="r"),
        GOOD[::2],
        GOOD[::-1],
    ):
        assert torch.equal(checks.images(images), torch.zeros(len(images), 784))


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (GOOD[0], ValueError, r"shape \(784,\).*expected \[n, 784\].*reshape"),
        (GOOD.reshape(3, 28, 28), ValueError, r"shape \(3, 28, 28\).*reshape\(-1, 784\)"),
        (GOOD[:, :728], ValueError, r"shape \(3, 728\)"),
        (GOOD[:0], ValueError, r"n of 1 or more"),
        (GOOD.astype("uint8"), ValueError, r"uint8; expected float32.*255"),
        (GOOD - 0.5, ValueError, r"images\[0, 0\] is -0.5"),
        (GOOD.tolist(), TypeError, r"list; expected a tensor"),
    ],
)
def test_bad_images_are_refused_in_words(images, error, message):
    with pytest.raises(error, match=message):
        checks.images(images)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 255.0, -1e-3])
def test_a_bad_value_is_found(value):
    images = torch.zeros(5, 784)
    images[3, 77] = value
    with pytest.raises(ValueError, match=r"images\[3, 77\] is"):
        checks.images(images)
