"""Chapter 6: the report's experiment under each interpretation and seed, and the table of what came out.

The table, results/robustness.csv, holds numbers alone; verdicts are judged from claims.toml whenever it is
read.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import accuracy_score
from torch import Tensor, nn

from vaepaper import experiment, metrics, paths
from vaepaper.claims import CLAIMS, MARKS, judge, outcome
from vaepaper.defects import extra_stroke, fraction_removed, missing_stroke
from vaepaper.experiment import INTERPRETATIONS, claims_of
from vaepaper.models import DigitReader, VariationalAutoEncoder
from vaepaper.scores import difference, reconstruct, squared_difference
from vaepaper.thresholds import largest_as_threshold

COLUMNS = ["interpretation", "seed", "claim", "criterion", "value", "training_version"]
FLAGGED = "flagged with all digits"  # beside the criteria of C9: how many, whatever chance explains
UPPER = ", upper bound"  # ends the name of a criterion that holds a second boundary of the same number
MOST = 999  # the largest seed
RESTORE = "bring it back (git checkout results), or move robustness.csv and robustness.json away"
VERDICTS = list(MARKS)
# One thing changed at a time; all digits to learn from, and a detector trained.
ONE = [name for name, found in INTERPRETATIONS.items() if len(found["change"]) < 2]
COMPLETE = [
    name
    for name, found in INTERPRETATIONS.items()
    if "first" not in found["change"] and found["claims"] != ("C1", "C2")
]


class SampledCode(VariationalAutoEncoder):
    """The interpretation in which a digit's code is drawn (Eq. 1), when scoring too."""

    def encode(self, x: Tensor) -> Tensor:
        """Images [n, inputs] → codes [n, latent]: another one at each call."""
        return self.posterior(x).rsample()


@torch.no_grad()
def measure(
    settings: experiment.Settings,
    claims: list[str],
    models: Mapping[tuple, nn.Module],
    reader: DigitReader,
    data: tuple[Tensor, Tensor, Tensor, Tensor],
) -> tuple[dict[str, dict[str, float]], dict | None]:
    """Some claims' numbers under the settings, as chapters 1 to 4 measure them.

    Args:
        models: `experiment.networks`, trained. data: training images and labels, unseen ones; as `mnist`
            gives them.

    Returns:
        {claim: {criterion: number}}, and what the differences look like (None: not asked).
    """
    (images, labels, unseen), unseen_labels = experiment.digits(settings, *data[:3]), data[3]
    found, seen = {}, None
    if "C1" in claims:
        outputs = {z: model.reconstruct(unseen) for (which, z), model in models.items() if which == "sweep"}
        legible = {z: metrics.legibility(reader, output, unseen_labels) for z, output in outputs.items()}
        explained = {z: metrics.explained_variance(unseen, output) for z, output in outputs.items()}
        found |= {"C1": experiment.c1(legible), "C2": experiment.c2(legible, explained)}
    if "C4" in claims:
        flat = {key: model for key, model in models.items() if key[1] in (2, 3) and key[0] != "sweep"}
        known = {key: metrics.codes_of(model, images) for key, model in flat.items()}
        codes = {key: metrics.codes_of(model, unseen) for key, model in flat.items()}
        extents = {key: metrics.extent(code) for key, code in codes.items()}
        unvisited = {key: metrics.unvisited_share(known[key], experiment.CELLS[key[1]]) for key in flat}
        steps = {key: experiment.STEP * extent for key, extent in extents.items()}
        change = {k: metrics.step_change(flat[k], codes[k], steps[k], settings.seed) for k in flat}
        found |= {"C4": experiment.c4(extents), "C5": experiment.c5(unvisited, change)}
        if "C3" in claims:
            accuracy = {}
            for z in (2, 3):
                guesses = metrics.nearest_neighbour_labels(known["AE", z], labels, codes["AE", z])
                accuracy[z] = accuracy_score(unseen_labels, guesses)
            found["C3"] = experiment.c3(accuracy, metrics.ellipse_sizes(codes["AE", 2], unseen_labels))
    if "C9" in claims:
        vae, score = models["VAE", 64], squared_difference if settings.squared_score else difference
        if settings.sampled_code:
            torch.manual_seed(settings.seed)
            drawn = SampledCode(vae.latent)
            drawn.load_state_dict(vae.state_dict())
            vae = drawn
        training, new = score(vae, images), score(vae, unseen)
        rule = largest_as_threshold(training, new)
        found |= {"C8": experiment.c8(training, new), "C9": experiment.c9(rule)}
        seen = {"seed": settings.seed, **percentiles(training, new)}
        if "C6" in claims:
            removed = {}
            for kind, draw in (("extra stroke", extra_stroke), ("missing stroke", missing_stroke)):
                damaged, mask = draw(unseen, settings.seed)
                removed[kind] = fraction_removed(unseen, damaged, reconstruct(vae, damaged), mask).numpy()
            lost = metrics.not_restored(reader, unseen, reconstruct(vae, unseen), unseen_labels)
            found |= {"C6": experiment.c6(removed), "C7": experiment.c7(lost)}
    return {claim: found[claim] for claim in claims}, seen


def percentiles(training: np.ndarray, unseen: np.ndarray) -> dict:
    """Figs 9 and 10 in numbers: percentiles of both differences, and the ten most different digits."""
    percentiles = [np.percentile(scores, range(101)).tolist() for scores in (training, unseen)]
    worst = np.argsort(-unseen, kind="stable")[:10].tolist()
    above = int((unseen > training.max()).sum())
    return {"training": percentiles[0], "unseen": percentiles[1], "largest": worst, "flagged": above}


def read(path: Path | None = None) -> pd.DataFrame:
    """The table, checked before use; empty if there is none yet.

    Raises:
        ValueError: half a file, an unknown interpretation or seed, a row twice, or one missing; names it.
    """
    path = path or paths.RESULTS / "robustness.csv"
    if not path.exists():
        return pd.DataFrame(columns=COLUMNS)
    try:
        table = pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise ValueError(f"{path} cannot be read ({str(error).strip()}); {RESTORE}") from error
    if wrong := fault(table):
        raise ValueError(f"{path}: {wrong}; {RESTORE}")
    return table


def fault(table: pd.DataFrame) -> str:
    """The first thing that is wrong with a table, in words; "" if nothing is."""
    if list(table.columns) != COLUMNS:
        return f"its columns are {', '.join(map(str, table.columns))}; expected {', '.join(COLUMNS)}"
    for (name, seed), rows in table.groupby(["interpretation", "seed"], sort=False, dropna=False):
        at = f"interpretation {name}, seed {seed}"
        if name not in INTERPRETATIONS:
            return f"{at}: there is no such interpretation"
        if rows.drop(columns="value").isna().any(axis=None) or seed not in range(MOST + 1):
            return f"{at}: a row is cut off, or its seed is not one of 0 to {MOST}"
        criteria = {claim: CLAIMS[claim]["criteria"] for claim in claims_of(name)}
        wanted = [(claim, criterion["name"]) for claim, own in criteria.items() for criterion in own]
        if "C9" in claims_of(name):
            wanted.append(("C9", FLAGGED))
        found = list(zip(rows.claim, rows.criterion, strict=True))
        if sorted(found) != sorted(wanted):
            wrong = [*set(found) ^ set(wanted)] or [one for one in found if found.count(one) > 1]
            return f"{at}: {' '.join(wrong[0])} is missing, unknown, or there twice"
    return ""


def rows(
    name: str, seed: int, found: dict[str, dict[str, float]], flagged: float | None, version: int
) -> pd.DataFrame:
    """One interpretation with one seed, {claim: {criterion: number}}, as rows of the table, to ten digits."""
    numbers = [(claim, criterion, value) for claim, own in found.items() for criterion, value in own.items()]
    if flagged is not None:
        numbers.append(("C9", FLAGGED, flagged))
    found = [(name, seed, *keys, float(f"{value:.10g}"), version) for *keys, value in numbers]
    return pd.DataFrame(found, columns=COLUMNS)


def judged(table: pd.DataFrame) -> pd.DataFrame:
    """Each run's verdicts by today's criteria: interpretation, seed, claim, verdict."""
    criteria = table[table.criterion != FLAGGED]
    found = [
        (*key, judge(key[-1], dict(zip(own.criterion, own.value, strict=True)))["verdict"])
        for key, own in criteria.groupby(["interpretation", "seed", "claim"], sort=False)
    ]
    return pd.DataFrame(found, columns=["interpretation", "seed", "claim", "verdict"])


def state(table: pd.DataFrame) -> str:
    """How much the table holds, in words."""
    there = table.drop_duplicates(["interpretation", "seed"])
    wanted = sum(found["seeds"] for found in INTERPRETATIONS.values())
    known = f"{there.interpretation.nunique()} of {len(INTERPRETATIONS)} interpretations"
    words = f"{len(there)} of {wanted} runs, {known}"
    old = int((there.training_version == 0).sum())
    return words + (f"; {old} runs from before results were bit-identical across processors" if old else "")


def lacking(table: pd.DataFrame, names: Sequence[str]) -> str:
    """What the table still lacks of these interpretations, in words; "" if nothing."""
    there = set(zip(table.interpretation, table.seed, strict=True))
    wanted = {name: INTERPRETATIONS[name]["seeds"] for name in names}
    left = {name: sum((name, seed) not in there for seed in range(n)) for name, n in wanted.items()}
    few = [f"{name} {n} of {wanted[name]}" for name, n in left.items() if n]
    more = f" and {len(few) - 3} more interpretations" if len(few) > 3 else ""
    return f"{sum(left.values())} runs: {', '.join(few[:3])}{more}" if few else ""


def shares(table: pd.DataFrame) -> pd.DataFrame:
    """The share of seeds with each verdict: a row an interpretation and claim, a column a verdict.

    Raises:
        ValueError: no run of the default interpretation, with which all others are compared.
    """
    if not (table.interpretation == "default").any():
        raise ValueError("there is no run of the default interpretation; `make robustness` measures it first")
    runs = judged(table)
    counted = pd.crosstab([runs.interpretation, runs.claim], runs.verdict, normalize="index")
    pairs = [(name, claim) for name in INTERPRETATIONS for claim in claims_of(name)]
    order = [pair for pair in pairs if pair in counted.index]
    return counted.reindex(columns=VERDICTS, fill_value=0.0).loc[order]


def majority(table: pd.DataFrame) -> pd.Series:
    """The verdict that most of the default's seeds give, by claim; empty before there is a table."""
    return shares(table).loc["default"].idxmax(axis=1) if len(table) else pd.Series(dtype=str)


def differs(table: pd.DataFrame) -> pd.Series:
    """Whether the majority verdict differs from the default's: bool by interpretation and claim."""
    found, usual = shares(table), majority(table)
    most = found.max(axis=1)
    pairs = {(name, claim): found.loc[name, claim][usual[claim]] for name, claim in found.index}
    return pd.Series({pair: share < most[pair] for pair, share in pairs.items()})


def agreeing(table: pd.DataFrame, verdicts: Mapping[str, str]) -> dict[str, tuple[int, int, int, int]]:
    """For each claim: seeds of the default that give it this verdict, of how many; then interpretations.

    An interpretation gives the verdict that more of its seeds give than any other; none, if two are level.
    Those count that change one thing and touch the claim.
    """
    found, seeds = {}, table[table.interpretation == "default"].seed.nunique()
    for claim, own in shares(table[table.interpretation.isin(ONE)]).groupby(level="claim"):
        own = own.droplevel("claim")
        given = own[verdicts[claim]]
        others = (given > own.drop(columns=verdicts[claim]).max(axis=1)).drop("default")
        found[claim] = (round(given["default"] * seeds), seeds, int(others.sum()), len(others))
    return found


def turned(table: pd.DataFrame) -> pd.Series:
    """For each claim and number, how many runs lie on another side of a boundary than most default runs do.

    First those that another seed of the default turns, then those that most runs turn.
    """
    own = table[table.criterion != FLAGGED]
    known = {(claim, row["name"]): row for claim, found in CLAIMS.items() for row in found["criteria"]}
    holds = [outcome(known[row.claim, row.criterion], row.value) == "yes" for row in own.itertuples()]
    own = own.assign(holds=holds, criterion=own.criterion.str.removesuffix(UPPER))
    runs = own.groupby(["claim", "criterion", "interpretation", "seed"], sort=False).holds.all().reset_index()
    default = runs[runs.interpretation == "default"]
    usual = default.groupby(["claim", "criterion"]).holds.mean().ge(0.5).rename("usual").reset_index()
    runs = runs.merge(usual, on=["claim", "criterion"])
    crossing = runs[runs.holds != runs.usual].groupby(["claim", "criterion"]).interpretation
    counts = pd.DataFrame(
        {"runs": crossing.size(), "seed": crossing.agg(lambda names: (names == "default").any())}
    )
    return counts.sort_values(["seed", "runs"], ascending=False, kind="stable").runs


def over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """Mean, standard deviation, least and largest of each number over the default's seeds."""
    own = table[(table.interpretation == "default") & (table.criterion != FLAGGED)]
    return own.groupby(["claim", "criterion"], sort=False).value.agg(["mean", "std", "min", "max"])


def differences(table: pd.DataFrame) -> pd.DataFrame:
    """Figs 9 and 10 in numbers, a row a run: interpretation, seed, p, d, flagged (with all digits), shows.

    The report's figures are shown where C8 is reproduced and 1 to 20 of 10,000 unseen digits are flagged.
    """
    names = {"one-sided Welch p": "p", "Cohen's d": "d", FLAGGED: "flagged"}
    own = table[table.criterion.isin(names)].assign(criterion=lambda t: t.criterion.map(names))
    runs = own.pivot_table("value", ["interpretation", "seed"], "criterion", sort=False).reset_index()
    runs.columns.name = None
    verdicts = judged(table[table.claim == "C8"]).set_index(["interpretation", "seed"]).verdict
    keys = pd.MultiIndex.from_frame(runs[["interpretation", "seed"]])
    shown = verdicts.loc[keys].to_numpy() == "reproduced"
    return runs.assign(shows=shown & runs.flagged.between(1, 20))


def e1(table: pd.DataFrame) -> dict[str, float]:
    """Verdicts do not depend on the seed: of the default, the claim whose seeds agree least."""
    majority = shares(table).loc["default"].max(axis=1)
    return {"least share of seeds with the majority's verdict": majority.min()}


def e2(table: pd.DataFrame) -> dict[str, float]:
    """… nor on the interpretation: claims with another majority under any that changes one thing."""
    other = differs(table[table.interpretation.isin(ONE)])
    return {"claims with another majority under some interpretation": other.groupby(level=1).any().sum()}


def e3(table: pd.DataFrame) -> dict[str, float]:
    """Some interpretation with all digits shows Figs 9 and 10: the largest share of seeds that show both."""
    shown = differences(table[table.interpretation.isin(COMPLETE)]).groupby("interpretation").shows.mean()
    return {"largest share of seeds that show both, of any interpretation": shown.max()}
