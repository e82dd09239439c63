"""What the table of chapter 6 says: how often each verdict, whether seeds and readings agree, what shows Fig. 9."""

from collections.abc import Sequence

import pandas as pd

from vaepaper.readings import CLAIMS, READINGS, seeds
from vaepaper.verdicts import Part

ONE = [name for name, reading in READINGS.items() if not reading.get("several")]  # one thing changed at a time
WHOLE = [name for name, reading in READINGS.items() if "first" not in reading and reading["claims"] != ("C1", "C2")]
VERDICTS = ["reproduced", "partly", "not reproduced"]
UPPER = ", upper"  # ends the name of a criterion's second boundary


def state(table: pd.DataFrame) -> str:
    """How much the table holds, in words."""
    there, wanted = table.drop_duplicates(["reading", "seed"]), sum(len(seeds(name)) for name in READINGS)
    return f"{len(there)} of {wanted} runs, {there.reading.nunique()} of {len(READINGS)} readings, {len(table):,} rows"


def lacking(table: pd.DataFrame, names: Sequence[str]) -> str:
    """What the table still lacks of these readings, in words; "" if nothing."""
    there = set(zip(table.reading, table.seed, strict=True))
    left = {name: sum((name, seed) not in there for seed in seeds(name)) for name in names}
    few = [f"{name} {n} of {len(seeds(name))}" for name, n in left.items() if n]
    more = f" and {len(few) - 3} more readings" if len(few) > 3 else ""
    return f"{sum(left.values())} runs: {', '.join(few[:3])}{more}" if few else ""


def shares(table: pd.DataFrame) -> pd.DataFrame:
    """The share of seeds with each verdict: a row a reading and claim, a column a verdict.

    Raises:
        ValueError: no run of the default reading, with which all others are compared.
    """
    if not (table.reading == "default").any():
        raise ValueError("the table holds no run of the default reading; `make robustness` measures it first")
    runs = table.drop_duplicates(["reading", "seed", "claim"])
    counted = pd.crosstab([runs.reading, runs.claim], runs.verdict, normalize="index")
    order = [(name, claim) for name in READINGS for claim in CLAIMS if (name, claim) in counted.index]
    return counted.reindex(columns=VERDICTS, fill_value=0.0).loc[order]


def differs(table: pd.DataFrame) -> pd.Series:
    """Whether a reading has another majority verdict than the default has: bool by reading and claim."""
    found = shares(table)
    usual = found.loc["default"].idxmax(axis=1)
    most = found.max(axis=1)
    return pd.Series(
        {(name, claim): found.loc[name, claim][usual[claim]] < most[name, claim] for name, claim in found.index}
    )


def turned(table: pd.DataFrame) -> pd.Series:
    """For each claim and criterion, how many runs decide it otherwise than most default runs do.

    First those that another seed of the default turns, then those that most runs turn.
    """
    own = table.assign(part=table.part.str.removesuffix(UPPER))
    runs = own.groupby(["claim", "part", "reading", "seed"], sort=False).holds.all().reset_index()
    default = runs[runs.reading == "default"]
    usual = default.groupby(["claim", "part"]).holds.mean().ge(0.5).rename("usual").reset_index()
    runs = runs.merge(usual, on=["claim", "part"])
    crossing = runs[runs.holds != runs.usual].groupby(["claim", "part"]).reading
    counts = pd.DataFrame({"runs": crossing.size(), "seed": crossing.agg(lambda names: (names == "default").any())})
    return counts.sort_values(["seed", "runs"], ascending=False, kind="stable").runs


def agreeing(table: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """For each claim, how many other readings agree with the default, and of how many that can touch it.

    Those count that change one thing.
    """
    other = differs(table[table.reading.isin(ONE)]).drop("default", level=0)
    return {claim: (int((~own).sum()), len(own)) for claim, own in other.groupby(level=1)}


def differences(table: pd.DataFrame) -> pd.DataFrame:
    """Figs 9 and 10 in numbers, a row a run: reading, seed, p, d, flagged (by the largest of all), and shows (both).

    The report's figures are shown where C8 is reproduced and 1 to 20 of 10,000 unseen digits are flagged.
    """
    own = table[table.claim.isin(["C8", "C9"])]
    names = {"one-sided Welch p": "p", "Cohen's d": "d", "flagged, most of the four n": "most"}
    part = own.part.map(names).fillna("flagged")  # the part that names how many digits stand behind the threshold
    runs = own.assign(part=part).pivot_table("value", ["reading", "seed"], "part", sort=False).reset_index()
    runs.columns.name = None
    holds = (runs.p < 0.01) & (runs.d >= 0.1)
    return runs.assign(shows=holds & runs.flagged.between(1, 20))


def e1(table: pd.DataFrame) -> list[Part]:
    """Verdicts do not hang on the seed: of the default reading, the claim whose seeds agree least."""
    return [
        Part(
            "least share of seeds with the majority's verdict",
            shares(table).loc["default"].max(axis=1).min(),
            ">=",
            0.9,
        )
    ]


def e2(table: pd.DataFrame) -> list[Part]:
    """… nor on the reading: claims with another majority under any reading that changes one thing."""
    other = differs(table[table.reading.isin(ONE)])
    return [Part("claims with another majority under some reading", other.groupby(level=1).any().sum(), "<=", 2)]


def e3(table: pd.DataFrame) -> list[Part]:
    """Some reading that trains on all digits shows Figs 9 and 10: the largest share of seeds that show both."""
    shown = differences(table[table.reading.isin(WHOLE)]).groupby("reading").shows.mean()
    return [Part("largest share of seeds that show both, of any reading", shown.max(), ">=", 0.5)]
