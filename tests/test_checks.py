"""Settings that are refused, each in one sentence with its name, its value and what is expected."""

import numpy as np
import pytest
import torch

from vaepaper import checks
from vaepaper.models import AutoEncoder


@pytest.mark.parametrize("value", [8, np.int64(8), np.uint8(8), np.array(8), torch.tensor(8)])
def test_whole_numbers_of_any_library_are_pythons_own(value):
    assert type(checks.integer("latent", value)) is int and checks.integer("latent", value) == 8


@pytest.mark.parametrize(
    "value", [0.5, np.float32(0.5), np.float64(0.5), np.array(0.5), torch.tensor(0.5), 1, np.int8(1)]
)
def test_numbers_too(value):
    assert (
        type(checks.number("share", value, 0, 1)) in (int, float)
        and checks.number("share", value, 0, 1) == value
    )


@pytest.mark.parametrize(
    ("check", "value", "arguments", "message"),
    [
        (checks.number, "5", (), "x is '5'; expected a number"),
        (checks.number, True, (), "x is True; expected a number"),
        (checks.number, float("nan"), (0,), "x is nan; expected a number of 0 or more"),
        (checks.number, float("inf"), (0,), "x is inf; expected a number of 0 or more"),
        (checks.number, 10**400, (), "x is 1000.*…; expected a number"),
        (checks.number, 2, (0, 1), "x is 2; expected a number of 0 or more and up to 1"),
        (checks.number, 2, (-np.inf, 1), "x is 2; expected a number up to 1"),
        (checks.number, np.ones(3), (), r"x is array\(\[1., 1., 1.\]\); expected a number"),
        (checks.number, None, (), "x is None; expected a number"),
        (checks.number, 1j, (), "x is 1j; expected a number"),
        (checks.integer, 2.0, (), "x is 2.0; expected a whole number of 1 or more, below 2\\^63"),
        (checks.integer, False, (0,), "x is False; expected a whole number"),
        (checks.integer, 2**63, (), "x is 9223372036854775808; expected a whole number"),
        (checks.integer, 6, (1, 5), "x is 6; expected a whole number of 1 or more, up to 5"),
        (checks.flag, 1, (), "x is 1; expected True or False"),
        (
            checks.one_of,
            "relu",
            (["ReLU", "Tanh"],),
            "x is 'relu'; did you mean 'ReLU'\\? There are ReLU, Tanh",
        ),
        (checks.one_of, "mse", (["ReLU", "Tanh"],), "x is 'mse'; there are ReLU, Tanh"),
        (checks.one_of, None, (["ReLU"],), "x is None; there are ReLU"),
        (checks.one_of, [1], (["ReLU"],), r"x is \[1\]; there are ReLU"),
        (checks.sizes, 256, (), "x is 256; expected the sizes of layers, such as"),
        (checks.sizes, "256", (), "x is '256'; expected the sizes of layers"),
        (checks.sizes, [16.0], (), r"x\[0\] is 16.0; expected a whole number"),
        (checks.sizes, [[1], 2], (), r"x\[0\] is \[1\]; expected a whole number"),
        (checks.sizes, (8, 0), (), r"x\[1\] is 0; expected a whole number of 1 or more"),
        (checks.sizes, np.ones((2, 2), int), (), r"x is array.*; expected the sizes"),
        (checks.sizes, {16, 8}, (), "x is {.*}; expected the sizes"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(check, value, arguments, message):
    with pytest.raises(ValueError, match=f"^{message}") as refused:
        check("x", value, *arguments)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 250


@pytest.mark.parametrize(("above", "below", "value"), [(True, False, 0), (False, True, 1)])
def test_ends_can_be_left_out(above, below, value):
    assert checks.number("rate", value, 0, 1) == value
    with pytest.raises(
        ValueError, match=f"rate is {value}; expected a number (above 0|of 0 or more) and (below|up to) 1"
    ):
        checks.number("rate", value, 0, 1, above=above, below=below)


@pytest.mark.parametrize("value", [(), [16, 8], (np.int64(16),), np.array([16, 8]), range(1, 3)])
def test_sizes_of_layers(value):
    assert checks.sizes("hidden", value) == list(value) and all(
        type(n) is int for n in checks.sizes("hidden", value)
    )


@pytest.mark.parametrize(
    "name", ["../escaped", "a/b", "a\\b", "..", ".hidden", "", " ", "C:x", "a\0", "a\nb", None, 3]
)
def test_a_name_is_a_name(name):
    with pytest.raises(ValueError, match=r"^name is .*; expected a plain name"):
        checks.file_name(name)


@pytest.mark.parametrize("name", ["vae_2d", "VAE 2-D, seed 3", "図3", np.str_("vae"), "v1.2"])
def test_plain_names_pass(name):
    assert checks.file_name(name) == name


def test_a_network_has_what_is_asked_of_it():
    model = AutoEncoder(2, hidden=())
    assert checks.network(model, "encode") is model
    for wrong, message in (
        (None, "model is None; expected a network .* with inputs, posterior"),
        (np.ones(3), "model is an ndarray; expected a network"),
        (model, "model is an AutoEncoder; expected a network .* with posterior"),
    ):
        with pytest.raises(TypeError, match=message):
            checks.network(wrong, "posterior")
