"""The table of chapter 6: made again, altered, half written, of other code; its verdicts against plain counting."""

import collections
import copy
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import torch

from vaepaper import agreement, claims, paths, readings, robustness
from vaepaper.readings import CLAIMS, READINGS
from vaepaper.trainings import runs
from vaepaper.trainings.descriptions import settings
from vaepaper.verdicts import Part
from vaepaper.workshop import ledger, plan, reread, spread
from vaepaper.workshop import robustness as command

COMMITTED = claims.load(paths.RESULTS / "claims.json")


def run_of(reading, seed, **changed):
    """Rows as chapters 1 to 4 measured them, with some values changed: {"C8": [p, d]}."""
    found = {}
    for entry in COMMITTED:
        if entry["id"] in readings.touched(reading):
            values = changed.get(entry["id"], [part["value"] for part in entry["measured"]])
            pairs = zip(entry["measured"], values, strict=True)
            found[entry["id"]] = [Part(p["name"], value, p["relation"], p["boundary"]) for p, value in pairs]
    return robustness.rows(reading, seed, found)


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A results folder with a small table in place of the real one."""
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    table = pd.concat([run_of("default", 0), run_of("default", 1), run_of("tanh", 0)])
    ledger.add(table.iloc[:0], ledger.load()[1], table, {})
    return tmp_path


def test_every_reading_can_be_trained_and_touches_what_it_says():
    for name in READINGS:
        needed = {key[0] for key in reread.networks(name, 3)}
        asked = readings.touched(name)
        assert needed == {
            *(["sweep"] if "C1" in asked else []),
            *(["AE"] if "C4" in asked else []),
            *(["VAE"] if "C9" in asked else []),
        }
        for (_, latent), network in reread.networks(name, 3).items():
            trained = settings(network)
            assert trained["sizes"]["latent"] == latent and trained["fit"]["seed"] == 3


def test_the_default_trains_what_the_chapters_train():
    """Chapter by chapter: the very descriptions that it hands to `train_all`."""
    from vaepaper.workshop import chapters

    asked = [settings(t) for n in chapters.select(["01", "02", "03", "04"]) for t in chapters.trainings(n, {})]
    for network in reread.networks("default", 0).values():
        assert settings(network) in asked


@pytest.mark.slow
def test_the_plan_holds_every_run_once_and_what_is_there_is_not_made_again(results):
    table, _ = ledger.load()
    jobs = plan.missing(table)
    planned = [(name, seed) for names, seed in jobs for name in names]
    wanted = {(name, seed) for name in READINGS for seed in readings.seeds(name)}
    assert len(planned) == len(set(planned))
    assert set(planned) == wanted - {("default", 0), ("default", 1), ("tanh", 0)}
    stages = [((seed > 0) + (seed > 2), READINGS[names[0]]["stage"]) for names, seed in jobs]
    assert stages == sorted(stages), "one seed of every reading comes first, then three of each"


@pytest.mark.slow
def test_a_training_passes_through_each_shorter_one(digits, build):
    network = {"model": "VariationalAutoEncoder", "latent": 3, "seed": 5}
    kept = reread.trained({**network, "epochs": 3}, [1, 3], digits[0])
    for epochs, model in kept.items():
        [other] = runs.train_all([{**network, "epochs": epochs}], digits[0], device="cpu")
        pairs = zip(model.state_dict().values(), other.state_dict().values(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)


def test_sampled_codes_scatter_around_the_mean_by_the_networks_own_deviation(digits):
    torch.manual_seed(0)
    vae = reread.VariationalAutoEncoder(2)
    posterior, drawn = vae.posterior(digits[0][:1]), reread.sampling(vae)
    codes = drawn.encode(digits[0][:1].expand(20_000, -1))
    assert torch.allclose(codes.mean(0), posterior.mean[0], atol=0.05)
    assert torch.allclose(codes.std(0), posterior.stddev[0], rtol=0.05)


def test_shares_and_majorities_are_what_counting_says():
    kinds = [[0.5, 0.0], [1e-9, 0.05], [1e-9, 0.2]]  # not reproduced, partly, reproduced
    drawn = np.random.default_rng(4).integers(0, 3, (2, 5))
    own = {name: [kinds[k] for k in row] for name, row in zip(("default", "tanh"), drawn, strict=True)}
    table = pd.concat([run_of(name, seed, C8=values) for name, row in own.items() for seed, values in enumerate(row)])
    words = ["not reproduced", "partly", "reproduced"]
    counts = [collections.Counter(words[k] for k in row) for row in drawn]
    found = agreement.shares(table)
    for name, counted in zip(own, counts, strict=True):
        assert found.loc[name, "C8"].to_dict() == {word: counted[word] / 5 for word in agreement.VERDICTS}
    usual = max(counts[0].values())
    assert agreement.differs(table)["tanh", "C8"] == all(
        counts[1][word] < max(counts[1].values()) for word, n in counts[0].items() if n == usual
    )
    assert agreement.e1(table)[0].value == pytest.approx(usual / 5)  # all others agree


def test_e2_counts_claims_and_leaves_out_what_changes_several_things():
    table = [run_of("default", seed) for seed in range(3)]
    table += [run_of("tanh", seed, C8=[1e-9, 0.2]) for seed in range(3)]
    table += [run_of("kl-2", seed, C8=[1e-9, 0.05], C6=[0.6, 0.6]) for seed in range(2)]
    table += [run_of("binary-linear-200", seed, C7=[0.2, 0.2], C9=[9, 393]) for seed in range(3)]
    assert agreement.e2(pd.concat(table))[0].value == 2  # C6 and C8
    counted = {"C3": (1, 1), "C6": (1, 2), "C8": (0, 2)}  # a KL weight does not touch C3
    assert agreement.agreeing(pd.concat(table)) == dict.fromkeys(["C4", "C5", "C7", "C9"], (2, 2)) | counted


@pytest.mark.parametrize(
    ("reading", "flagged", "d", "expected"),
    [
        ("epochs-200", [5, 0, 0, 5], 0.2, 0.5),
        ("epochs-200", [1, 20, 21, 0], 0.2, 0.5),
        ("epochs-200", [5, 5, 5, 5], 0.09, 0.0),
        ("first-1000", [5, 5, 5, 5], 0.2, 0.0),  # the report trains on all
    ],
)
def test_e3_asks_for_both_figures_of_one_reading_in_half_of_its_seeds(reading, flagged, d, expected):
    table = [run_of("default", seed) for seed in range(2)]
    table += [run_of(reading, seed, C8=[1e-9, d], C9=[n, 393]) for seed, n in enumerate(flagged)]
    [part] = agreement.e3(pd.concat(table))
    assert part.value == expected and part.holds == (expected >= 0.5)


def test_what_is_lacking_is_named():
    table = pd.concat([run_of("default", seed) for seed in readings.seeds("default")])
    assert agreement.lacking(table, ["default"]) == ""
    assert agreement.lacking(table[table.seed != 7], ["default", "tanh"]) == "4 runs: default 1 of 20, tanh 3 of 3"
    assert agreement.lacking(table, list(READINGS)[:6]).endswith("epochs-50 2 of 2 and 2 more readings")
    with pytest.raises(ValueError, match="no run of the default reading"):
        agreement.shares(table.iloc[:0])


def harm(table, how):
    """A table with one thing wrong."""
    table = table.reset_index(drop=True)
    if how == "twice":
        return pd.concat([table, table.iloc[[3]]])
    if how == "half a run":
        return table.iloc[:-2]
    if how == "no such reading":
        return table.replace({"reading": {"tanh": "tansh"}})
    if how == "seed":
        return table.assign(seed=table.seed - 1)
    if how == "holds":
        return table.assign(holds=[not table.holds[0], *table.holds[1:]])
    if how == "verdict":
        return table.replace({"verdict": {"partly": "reproduced"}})
    return table.rename(columns={"value": "worth"})


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("twice", "reading default, seed 0: C1 legibility, z = 256 stands there twice"),
        ("half a run", "reading tanh, seed 0: it holds C3, C4, C5, C6, C7, C8; expected C3"),
        ("no such reading", "reading tansh, seed 0: there is no such reading"),
        ("seed", "reading default, seed -1: a row is cut off, or its seed is not one of 0 to 999"),
        ("holds", "reading default, seed 0: what C1 measures does not go with its boundary"),
        ("verdict", "reading default, seed 0: the verdict of C1 does not follow from its numbers"),
        ("columns", "its columns are reading, seed, claim, part, worth"),
    ],
)
def test_a_faulty_table_is_named_and_left_alone(results, capsys, how, said):
    path = results / ledger.TABLE
    harm(robustness.read(path), how).to_csv(path, index=False)
    before = path.read_bytes()
    assert command.main([]) == 1
    assert said in capsys.readouterr().err and path.read_bytes() == before


def test_half_a_file_is_named(results, capsys):
    path = results / ledger.TABLE
    path.write_bytes(path.read_bytes()[:-60])
    assert command.main([]) == 1
    assert "robustness.csv" in capsys.readouterr().err


def test_an_altered_number_is_found_though_its_verdict_still_follows(results, capsys):
    path = results / ledger.TABLE
    text = path.read_text()
    number = robustness.read(path).value[1]  # legibility at 64 latents, far from its boundary
    assert f",{number}," in text
    path.write_text(text.replace(f",{number},", f",{number + 1e-4:.4f},", 1))
    robustness.read(path)  # nothing contradicts itself
    assert command.main([]) == 1
    assert "was altered after it was written" in capsys.readouterr().err


def test_a_table_of_other_code_is_not_mixed(results, capsys):
    about = results / ledger.ABOUT
    about.write_text(json.dumps(json.loads(about.read_text()) | {"version": 0}))
    assert command.main([]) == 1
    assert "measured by another version (0; here 1)" in capsys.readouterr().err
    about.unlink()
    assert command.main([]) == 1
    assert "does not tell where the table comes from" in capsys.readouterr().err


def test_killed_between_its_two_files_it_goes_on(results):
    """The JSON is written first: then the table may still be the one before."""
    path = results / ledger.TABLE
    before = path.read_bytes()
    ledger.add(*ledger.load(), run_of("tanh", 1), {})
    path.write_bytes(before)
    table, known = ledger.load()
    assert len(table.drop_duplicates(["reading", "seed"])) == 3
    ledger.add(table, known, run_of("tanh", 1), {})
    assert len(ledger.load()[0].drop_duplicates(["reading", "seed"])) == 4


@pytest.mark.parametrize("words", [["--reading", "tansh"], ["--seed", "-1"], ["--chapters", "77"], ["-n", "1"]])
def test_an_unknown_word_is_refused_in_a_sentence(results, capsys, words):
    assert command.main(words) == 2
    assert words[-1] in capsys.readouterr().err


def test_an_altered_row_does_not_agree_with_the_same_made_again():
    table = pd.concat([run_of("tanh", seed, C4=[4 + seed / 10, 4]) for seed in range(4)])
    fresh = run_of("tanh", 2, C4=[4.2, 4])
    assert robustness.compared(fresh, table).agrees.all()
    altered = pd.concat([table[table.seed != 2], run_of("tanh", 2, C4=[9.9, 4])])
    found = robustness.compared(fresh, altered)
    assert list(found.part[~found.agrees]) == ["extent AE ÷ VAE, 2-D"]


def test_seeds_that_agree_by_luck_do_not_make_another_machine_wrong():
    """Two others that are equal, where the default's seeds differ: allowed are four of the default's deviations."""
    default = [run_of("default", seed, C4=[value, 4]) for seed, value in enumerate([3, 4, 5])]  # deviation 1
    table = pd.concat(default + [run_of("tanh", seed, C4=[4, 4]) for seed in range(3)])
    for value, agrees in ((7.9, True), (8.1, False)):
        assert robustness.compared(run_of("tanh", 2, C4=[value, 4]), table).agrees.all() == agrees
    altered = pd.concat([*default[:2], run_of("default", 2, C4=[50, 4])])
    assert not robustness.compared(default[2], altered).agrees.all(), "an altered value does not widen its own bounds"


def test_the_spread_is_that_of_the_default_once_all_its_seeds_are_there(results):
    number = len(readings.seeds("default"))
    table = pd.concat([run_of("default", seed, C4=[4 + seed, 4]) for seed in range(number)])
    spread.keep({"D3": {"verdicts": ["partly"], "mean": {"a": 1.0}, "deviation": {"a": 2.0}}})
    spread.from_table(table[table.seed > 0])
    assert "C4" not in claims.spread()
    spread.from_table(table)
    values = 4 + np.arange(number)
    assert claims.spread("mean")["C4"]["extent AE ÷ VAE, 2-D"] == pytest.approx(values.mean())
    assert claims.spread()["C4"]["extent AE ÷ VAE, 2-D"] == pytest.approx(values.std(ddof=1))
    assert claims.spread()["D3"] == {"a": 2.0} and list(claims.spread("verdicts")) == [*CLAIMS, "D3"]


def test_other_chapters_are_run_with_each_seed_and_only_their_own_claims_are_kept(results, build, monkeypatch):
    asked = []

    def reproduce(words, env):
        asked.append((words[3:], env["VAEPAPER_BUILD"]))
        entries = [entry for entry in copy.deepcopy(COMMITTED) if entry["notebook"][:2] in ("04", "05")]
        for entry in entries:
            entry["measured"][0]["value"] = float(len(asked))
        folder = paths.Path(env["VAEPAPER_BUILD"])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "claims.json").write_text(json.dumps(entries))
        return subprocess.CompletedProcess(words, 0)

    monkeypatch.setattr(spread.subprocess, "run", reproduce)
    assert command.main(["--chapters", "05", "-n", "3"]) == 0
    assert [words for words, _ in asked] == [["05"], ["05", "-p", "seed", "1"], ["05", "-p", "seed", "2"]]
    assert len({folder for _, folder in asked}) == 3
    found = claims.spread("mean")
    assert list(found) == [entry["id"] for entry in COMMITTED if entry["notebook"].startswith("05")]
    assert next(iter(found["D1"].values())) == 2.0 and claims.spread()["D1"] == {next(iter(found["D1"])): 1.0}


def test_a_number_with_an_error_of_its_own_is_never_called_steadier():
    entry = {"measured": [{"name": "a", "value": 1.0, "error": 0.5}], "verdict": "partly"}
    assert spread.of_runs([entry, entry])["deviation"] == {"a": 0.5}


class TestTheCommittedTable:
    def test_it_is_whole_unaltered_and_of_this_code(self):
        ledger.load()

    def test_its_default_with_seed_0_is_what_the_chapters_measured(self):
        table = robustness.read()
        own = table[(table.reading == "default") & (table.seed == 0)]
        for entry in COMMITTED:
            if entry["id"] in CLAIMS:
                rows = own[own.claim == entry["id"]]
                assert list(rows.value) == [part["value"] for part in entry["measured"]], entry["id"]
                assert set(rows.verdict) == {entry["verdict"]}

    @pytest.mark.slow
    def test_a_row_chosen_by_the_commit_comes_out_again(self, capsys):
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=paths.ROOT, capture_output=True, text=True).stdout
        there = robustness.read().drop_duplicates(["reading", "seed"])
        cheap = [run for run in zip(there.reading, there.seed, strict=True) if plan.work(([run[0]], run[1])) < 8e11]
        reading, seed = cheap[int(head[:8] or "0", 16) % len(cheap)]
        agrees = command.main(["--reading", reading, "--seed", str(seed)]) == 0
        assert agrees, capsys.readouterr()


@pytest.mark.slow
def test_killed_and_continued_it_ends_with_the_same_table(tmp_path):
    """The real command, on three quick readings in a copy of the package."""
    ours = tmp_path / "vaepaper"
    shutil.copytree(paths.ROOT / "vaepaper", ours)
    with (ours / "readings.py").open("a", encoding="utf-8") as file:
        file.write(
            "\nQUICK = {'says': '', 'claims': ALARM, 'first': 1000, 'seeds': 2, 'stage': 0}\n"
            "READINGS.clear()\n"
            "READINGS.update({'default': {**QUICK, 'fit': {'epochs': 1}}, 'epochs-2': {**QUICK, 'fit': {'epochs': 2}},"
            " 'sampled-code': {**QUICK, 'fit': {'epochs': 1}, 'sampled': True}})\n"
        )
    build = paths.BUILD if "pytest" not in str(paths.BUILD) else paths.ROOT / "build"
    world = {**os.environ, "PYTHONPATH": str(tmp_path), "VAEPAPER_BUILD": str(build), "VAEPAPER_DATA": str(paths.DATA)}
    make = [sys.executable, "-m", "vaepaper.workshop.robustness"]
    table = tmp_path / "results" / "robustness.csv"
    started = subprocess.Popen(make, env=world, cwd=tmp_path, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while not table.exists():
        assert started.poll() is None
        time.sleep(0.05)
    started.send_signal(signal.SIGKILL)
    started.wait()
    before = pd.read_csv(table)
    ended = subprocess.run(make, env=world, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    after = pd.read_csv(table)
    assert len(after) == 6 * 8 and len(before) < len(after)
    assert after.merge(before).shape == before.shape, "what was there is kept"
    again = subprocess.run(
        [*make, "--reading", "epochs-2", "--seed", "1"], env=world, cwd=tmp_path, capture_output=True
    )
    assert again.returncode == 0 and b"agrees to the last bit" in again.stdout
