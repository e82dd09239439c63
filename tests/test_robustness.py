"""The table of chapter 6: made again, altered, half written; its verdicts against plain counting."""

import collections
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from tools import robustness as command
from vaepaper import claims, experiment, paths, robustness
from vaepaper.cache import TRAINING_VERSION
from vaepaper.experiment import INTERPRETATIONS

COMMITTED = claims.load(paths.RESULTS / "claims.json")


def run_of(name, seed, flagged=0, **changed):
    """Rows as chapters 1 to 4 measured them, with some values changed: {"C8": [p, d]}."""
    found = {}
    for entry in COMMITTED:
        if entry["id"] in experiment.claims_of(name):
            values = changed.get(entry["id"], [row["value"] for row in entry["criteria"]])
            found[entry["id"]] = dict(zip(claims._names(entry["id"]), values, strict=True))
    return robustness.rows(name, seed, found, flagged if "C9" in found else None, TRAINING_VERSION)


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A results folder with a small table in place of the real one."""
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    table = pd.concat([run_of("default", 0), run_of("default", 1), run_of("tanh", 0)])
    command.write(table, command.load()[1])
    return tmp_path


def test_what_is_missing_is_every_run_once_a_seed_of_each_interpretation_first(results):
    table, _ = command.load()
    jobs = command.missing(table.assign(training_version=[0] * 27 + [TRAINING_VERSION] * (len(table) - 27)))
    wanted = {(name, seed) for name, found in INTERPRETATIONS.items() for seed in range(found["seeds"])}
    old = {("default", 0)}  # of an earlier training version: made again
    assert len(jobs) == len(set(jobs)) and set(jobs) == wanted - {("default", 1), ("tanh", 0)} | old
    seeds = [seed for _, seed in jobs]
    assert seeds == sorted(seeds)


def test_shares_and_majorities_are_what_counting_says():
    kinds = [[0.5, 0.0], [1e-9, 0.05], [1e-9, 0.2]]  # not reproduced, partly, reproduced
    drawn = np.random.default_rng(4).integers(0, 3, (2, 5))
    own = {name: [kinds[k] for k in row] for name, row in zip(("default", "tanh"), drawn, strict=True)}
    runs = [run_of(name, seed, C8=values) for name, row in own.items() for seed, values in enumerate(row)]
    table = pd.concat(runs)
    words = ["not reproduced", "partly", "reproduced"]
    counts = [collections.Counter(words[k] for k in row) for row in drawn]
    found = robustness.shares(table)
    for name, counted in zip(own, counts, strict=True):
        assert found.loc[name, "C8"].to_dict() == {word: counted[word] / 5 for word in robustness.VERDICTS}
    usual = max(counts[0].values())
    assert robustness.differs(table)["tanh", "C8"] == all(
        counts[1][word] < max(counts[1].values()) for word, n in counts[0].items() if n == usual
    )
    assert [*robustness.e1(table).values()] == pytest.approx([usual / 5])  # all others agree


def test_e2_counts_claims_and_leaves_out_what_changes_several_things():
    table = [run_of("default", seed) for seed in range(3)]
    table += [run_of("tanh", seed, C8=[1e-9, 0.2]) for seed in range(3)]
    table += [run_of("kl-2", seed, C8=[1e-9, 0.05], C6=[0.6, 0.6]) for seed in range(2)]
    table += [run_of("binary-linear-200", seed, 9, C7=[0.2, 0.2], C9=[8, 393]) for seed in range(3)]
    assert [*robustness.e2(pd.concat(table)).values()] == [2]  # C6 and C8
    counted = {"C3": (3, 3, 1, 1), "C6": (3, 3, 1, 2), "C8": (3, 3, 0, 2)}  # a KL weight does not touch C3
    counted |= dict.fromkeys(["C4", "C5", "C7", "C9"], (3, 3, 2, 2))
    counted |= dict.fromkeys(["C1", "C2"], (3, 3, 0, 0))
    verdicts = {entry["id"]: entry["verdict"] for entry in COMMITTED}
    assert robustness.agreeing(pd.concat(table), verdicts) == counted
    other = robustness.agreeing(pd.concat(table), verdicts | {"C8": "partly"})
    assert other == counted | {"C8": (0, 3, 1, 2)}, "with the verdict that is shown, whatever most seeds give"
    table.append(run_of("kl-2", 3))  # of its three seeds two say C8 is partly so
    assert robustness.agreeing(pd.concat(table), verdicts | {"C8": "partly"})["C8"] == (0, 3, 1, 2)
    table.append(run_of("kl-2", 4))  # two and two: no verdict is that of most
    assert robustness.agreeing(pd.concat(table), verdicts | {"C8": "partly"})["C8"] == (0, 3, 0, 2)


@pytest.mark.parametrize(
    ("name", "flagged", "d", "expected"),
    [
        ("epochs-200", [5, 0, 0, 5], 0.2, 0.5),
        ("epochs-200", [1, 20, 21, 0], 0.2, 0.5),
        ("epochs-200", [5, 5, 5, 5], 0.09, 0.0),
        ("first-1000", [5, 5, 5, 5], 0.2, 0.0),  # the report trains on all
    ],
)
def test_e3_asks_for_both_figures_of_one_interpretation_in_half_of_its_seeds(name, flagged, d, expected):
    table = [run_of("default", seed) for seed in range(2)]
    table += [run_of(name, seed, n, C8=[1e-9, d], C9=[n - 1, 393]) for seed, n in enumerate(flagged)]
    assert [*robustness.e3(pd.concat(table)).values()] == [expected]


def test_what_is_lacking_is_named():
    table = pd.concat([run_of("default", seed) for seed in range(20)])
    assert robustness.lacking(table, ["default"]) == ""
    said = robustness.lacking(table[table.seed != 7], ["default", "tanh"])
    assert said == "4 runs: default 1 of 20, tanh 3 of 3"
    said = robustness.lacking(table, list(INTERPRETATIONS)[:6])
    assert said.endswith("epochs-50 2 of 2 and 2 more interpretations")
    assert "20 runs from before" in robustness.state(table.assign(training_version=0))
    with pytest.raises(ValueError, match="no run of the default interpretation"):
        robustness.shares(table.iloc[:0])


HARM = {  # what is said: the fault
    "interpretation default, seed 0: C1 legibility, z = 256 is missing, unknown, or there twice":
        lambda table: pd.concat([table, table.iloc[[3]]]),
    "interpretation tanh, seed 0: C9 flagged with": lambda table: table.iloc[:-2],
    "interpretation tansh, seed 0: there is no such interpretation":
        lambda table: table.replace({"interpretation": {"tanh": "tansh"}}),
    "interpretation default, seed -1: a row is cut off, or its seed is not one of 0 to 999":
        lambda table: table.assign(seed=table.seed - 1),
    "its columns are interpretation, seed, claim, criterion, worth":
        lambda table: table.rename(columns={"value": "worth"}),
}  # fmt: skip


@pytest.mark.parametrize("said", [*HARM, "half a file"])
def test_a_faulty_table_is_named_and_left_alone(results, capsys, said):
    path = results / command.TABLE
    if said in HARM:
        HARM[said](robustness.read(path)).to_csv(path, index=False)
    else:
        path.write_bytes(path.read_bytes()[:-60])
    before = path.read_bytes()
    assert command.main([]) == 1 and path.read_bytes() == before
    found = capsys.readouterr().err
    assert "robustness.csv" in found and (said in found or said not in HARM)


def test_an_altered_number_is_found_though_its_verdict_still_follows(results, capsys):
    path = results / command.TABLE
    text = path.read_text()
    number = robustness.read(path).value[1]  # legibility at 64 latents, far from its boundary
    assert f",{number}," in text
    path.write_text(text.replace(f",{number},", f",{number + 1e-4:.4f},", 1))
    robustness.read(path)  # nothing contradicts itself
    assert command.main([]) == 1
    assert "was altered after it was written" in capsys.readouterr().err


def test_killed_between_its_two_files_it_goes_on(results):
    """The JSON is written first: then the table may still be the one before."""
    path = results / command.TABLE
    before = path.read_bytes()
    table, known = command.load()
    more = pd.concat([table, run_of("tanh", 1)])
    command.write(more, known)
    path.write_bytes(before)
    table, known = command.load()
    assert len(table.drop_duplicates(["interpretation", "seed"])) == 3
    command.write(more, known)
    assert len(command.load()[0].drop_duplicates(["interpretation", "seed"])) == 4


def test_a_run_made_again_agrees_to_the_digit_or_not_at_all(results, monkeypatch, capsys):
    fresh = run_of("tanh", 0)
    monkeypatch.setattr(command, "run", lambda *_: (fresh, None))
    monkeypatch.setattr(command.exact, "why_not", lambda: "")
    assert command.main(["--interpretation", "tanh"]) == 0
    fresh.loc[3, "value"] *= 1 + 1e-9
    assert command.main(["--interpretation", "tanh"]) == 1
    assert "tanh, seed 0: does not agree" in capsys.readouterr().out
    monkeypatch.setattr(command.exact, "why_not", lambda: "the processor has no AVX2")
    assert command.main(["--interpretation", "tanh"]) == 0
    assert "Verdicts are compared: the processor has no AVX2." in capsys.readouterr().out
    for words in (["--interpretation", "tansh"], ["--seed", "-1"]):
        assert command.main(words) == 2 and words[-1] in capsys.readouterr().err


def test_the_committed_table_is_unaltered_and_its_first_run_is_what_the_chapters_measured():
    table, _ = command.load()
    own = table[(table.interpretation == "default") & (table.seed == 0)]
    own = own[own.criterion != robustness.FLAGGED]
    for entry in COMMITTED:
        if entry["id"][0] == "C" and (own.training_version == TRAINING_VERSION).all():
            known = [row["value"] for row in entry["criteria"]]
            assert list(own[own.claim == entry["id"]].value) == known


@pytest.mark.slow
def test_a_row_of_the_committed_table_chosen_by_the_commit_comes_out_again(capsys):
    """One of those that train a single network for a short time."""
    git = ["git", "-C", paths.ROOT, "rev-parse", "HEAD"]
    head = subprocess.run(git, capture_output=True, text=True).stdout
    quick = {"binary", "first-1000", "first-10000", "linear-output", "sampled-code", "squared-difference"}
    there = robustness.read().drop_duplicates(["interpretation", "seed"])
    there = there[there.interpretation.isin(quick)]
    there = there[there.training_version == there.training_version.max()]
    row = there.iloc[int(head[:8] or "0", 16) % len(there)]
    agrees = command.main(["--interpretation", row.interpretation, "--seed", str(row.seed)]) == 0
    assert agrees, capsys.readouterr()


QUICK = """
INTERPRETATIONS.clear()
quick = {'default': {}, 'epochs-2': {'epochs': 2}, 'sampled': {'sampled_code': True}}
for _name, _change in quick.items():
    _change = {'first': 1000, 'epochs': 1, **_change}
    INTERPRETATIONS[_name] = {'says': '', 'change': _change, 'claims': ALARM, 'seeds': 2}
"""


@pytest.mark.slow
def test_killed_and_continued_it_ends_with_the_same_table(tmp_path):
    """The real command, on three quick interpretations in a copy of the sources."""
    for name in ("vaepaper", "tools"):
        shutil.copytree(paths.ROOT / name, tmp_path / name)
    with (tmp_path / "vaepaper" / "experiment.py").open("a", encoding="utf-8") as file:
        file.write(QUICK)
    world = {"PYTHONPATH": str(tmp_path), "VAEPAPER_DATA": str(paths.DATA)}
    world |= {"VAEPAPER_BUILD": str(tmp_path / "build")}
    make, options = [sys.executable, "-m", "tools.robustness"], {"env": os.environ | world, "cwd": tmp_path}
    table, quiet = tmp_path / "results" / "robustness.csv", {"stdout": subprocess.DEVNULL}
    started = subprocess.Popen(make, **options, **quiet, stderr=subprocess.DEVNULL)
    while not table.exists():
        assert started.poll() is None
        time.sleep(0.05)
    started.send_signal(signal.SIGKILL)
    started.wait()
    before = pd.read_csv(table)
    subprocess.run(make, **options, **quiet, check=True)
    after = pd.read_csv(table)
    assert len(after) == 6 * 9 and len(before) < len(after)
    assert after.merge(before).shape == before.shape, "what was there is kept"
    subprocess.run([*make, "--interpretation", "epochs-2", "--seed", "1"], **options, **quiet, check=True)
