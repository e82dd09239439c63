"""Settings that are refused, each in one sentence with its name, its value and what is expected."""

import numpy as np
import pytest
import torch

from vaepaper import checks

KNOWN = ["ReLU", "Tanh"]


@pytest.mark.parametrize("held", [np.int64, np.uint8, np.float32, np.float64, np.array, torch.tensor, int])
def test_numbers_of_any_library_are_pythons_own(held):
    found = checks.number("share", held(1), 0, 1)
    assert type(found) in (int, float) and found == 1
    if "float" not in held.__name__:
        assert type(checks.integer("latent", held(8))) is int and checks.integer("latent", held(8)) == 8


# The values that each constraint excludes are tried in test_refusals.py; here, what is said of them.
@pytest.mark.parametrize(
    ("check", "value", "arguments", "message"),
    [
        (checks.number, "5", (), "x is '5'; expected a number"),
        (checks.number, float("inf"), (0,), "x is inf; expected a number of 0 or more"),
        (checks.number, 10**400, (), "x is 1000.*…; expected a number"),
        (checks.number, 2, (0, 1), "x is 2; expected a number of 0 or more and up to 1"),
        (checks.number, 2, (-np.inf, 1), "x is 2; expected a number up to 1"),
        (checks.number, np.ones(3), (), r"x is array\(\[1., 1., 1.\]\); expected a number"),
        (checks.integer, 2.0, (), "x is 2.0; expected an integer of 1 or more, below 2\\^63"),
        (checks.integer, 6, (1, 5), "x is 6; expected an integer of 1 or more, up to 5"),
        (checks.one_of, "relu", (KNOWN,), "x is 'relu'; did you mean 'ReLU'\\? There are ReLU, Tanh"),
        (checks.one_of, "mse", (KNOWN,), "x is 'mse'; there are ReLU, Tanh"),
        (checks.sizes, 256, (), "x is 256; expected the sizes of layers, such as"),
        (checks.sizes, [16.0], (), r"x\[0\] is 16.0; expected an integer"),
        (checks.sizes, (8, 0), (), r"x\[1\] is 0; expected an integer of 1 or more"),
    ],
)
def test_an_invalid_value_is_refused_in_a_sentence(check, value, arguments, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        check("x", value, *arguments)


@pytest.mark.parametrize(("above", "below", "value"), [(True, False, 0), (False, True, 1)])
def test_ends_can_be_left_out(above, below, value):
    assert checks.number("rate", value, 0, 1) == value
    expected = "expected a number (above 0|of 0 or more) and (below|up to) 1"
    with pytest.raises(ValueError, match=f"rate is {value}; {expected}"):
        checks.number("rate", value, 0, 1, above=above, below=below)


@pytest.mark.parametrize("value", [(), [16, 8], (np.int64(16),), np.array([16, 8]), range(1, 3)])
def test_sizes_of_layers(value):
    found = checks.sizes("hidden", value)
    assert found == list(value) and {type(n) for n in found} <= {int}


@pytest.mark.parametrize("name", ["../up", "a/b", "a\\b", "..", ".a", "", " ", "C:x", "a\0", "a\nb", None, 3])
def test_a_name_is_a_name(name):
    with pytest.raises(ValueError, match=r"^name is .*; expected a plain name"):
        checks.file_name(name)


@pytest.mark.parametrize("name", ["vae_2d", "VAE 2-D, seed 3", "図3", np.str_("vae"), "v1.2"])
def test_plain_names_pass(name):
    assert checks.file_name(name) == name
