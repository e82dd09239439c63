"""The same bits everywhere: golden hashes, products against torch's, what is said where bits differ."""

import json

import golden
import pytest
import torch
from conftest import python

from vaepaper import ARITHMETIC, exact
from vaepaper.exact import Linear, product


def test_every_network_score_and_alarm_has_its_golden_bits():
    """Natively; `make test-processors` does the same under emulated processors."""
    processor = torch.cpu.get_capabilities()
    if processor["architecture"] != "x86_64" or not processor["avx2"]:
        pytest.skip(f"other processors compute other digits: {exact.why_not()}")
    assert not exact.why_not()  # an environment that costs the digits is no reason to skip
    known = json.loads(golden.FILE.read_text(encoding="utf-8"))
    found = golden.results()
    wrong = sorted(name for name in known.keys() | found.keys() if known.get(name) != found.get(name))
    assert not wrong, f"other bits of {wrong}: meant? then raise TRAINING_VERSION; tests/golden.py --write"


@pytest.mark.parametrize("shapes", [((5, 3), (3, 4)), ((6, 2, 3), (3, 3)), ((2, 2), (7, 2, 3))])
def test_products_are_those_of_torch(shapes):
    a, b = (torch.randn(shape, dtype=torch.float64) for shape in shapes)
    torch.testing.assert_close(product(a, b), a @ b)


def test_a_layer_has_torchs_values_and_gradients_of_first_and_second_order():
    torch.manual_seed(0)
    ours, theirs = Linear(4, 3).double(), torch.nn.Linear(4, 3).double()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(5, 4, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(ours(x), theirs(x))
    for check in (torch.autograd.gradcheck, torch.autograd.gradgradcheck):
        assert check(exact._Affine.apply, (x, ours.weight, ours.bias))


@pytest.fixture
def ask(monkeypatch):
    """What a fresh interpreter says after `code` of its digits, and its warnings."""
    for name in ARITHMETIC:
        monkeypatch.delenv(name, raising=False)

    def said(code, **environment):
        done = python(f"{code}; from vaepaper import exact; print(exact.why_not())", **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip(), done.stderr

    return said


@pytest.mark.slow
def test_who_imports_vaepaper_first_has_the_same_digits_and_else_is_told_what_to_do(ask):
    assert ask("import vaepaper, numpy, torch") == ("", "")
    out, err = ask("import numpy")
    assert out and err.count("import vaepaper first") == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ARITHMETIC)
def test_what_the_user_has_set_stays_and_is_named(ask, name):
    others = {"OPENBLAS_CORETYPE": "Sandybridge", "MKL_CBWR": "AUTO", "ATEN_CPU_CAPABILITY": "default"}
    out, _ = ask("pass", **{name: others.get(name, "2")})
    assert name in out or (name == "ATEN_CPU_CAPABILITY" and "AVX2" in out)


def test_other_codes_torch_is_left_alone_and_half_precision_goes_to_it():
    x = torch.randn(2, 3)
    layer = torch.nn.Linear(3, 2)
    torch.testing.assert_close(layer(x), x @ layer.weight.T + layer.bias)
    assert type(layer).forward is torch.nn.Linear.forward
    assert product(x.bfloat16(), x.bfloat16().mT).dtype == torch.bfloat16
