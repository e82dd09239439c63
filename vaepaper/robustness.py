"""The table behind chapter 6, results/robustness.csv: each claim under each reading, seed by seed."""

from pathlib import Path

import pandas as pd

from vaepaper import paths
from vaepaper.readings import PARTS, READINGS, touched
from vaepaper.verdicts import COMPARE, Part, judge

MOST = 999  # the largest seed
COLUMNS = ["reading", "seed", "claim", "part", "value", "relation", "boundary", "holds", "verdict"]


def rows(reading: str, seed: int, found: dict[str, list[Part]]) -> pd.DataFrame:
    """One reading with one seed, {claim: parts}, as rows of the table."""
    return pd.DataFrame(
        [
            [reading, seed, claim, p.name, float(p.value), p.relation, float(p.boundary), p.holds, verdict]
            for claim, parts in found.items()
            for verdict in [judge(parts, claim)]
            for p in parts
        ],
        columns=COLUMNS,
    )


def read(path: Path | None = None) -> pd.DataFrame:
    """The table, looked at before use; empty if there is none yet.

    Raises:
        ValueError: half a file, a reading or seed that does not exist, a row twice, one missing, or one whose verdict
            does not follow from its numbers; names it, and says what to do.
    """
    path = path or paths.RESULTS / "robustness.csv"
    if not path.exists():
        return pd.DataFrame(columns=COLUMNS)
    try:
        table = pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise ValueError(f"{path} cannot be read ({str(error).strip()}); {RESTORE}") from error
    wrong = fault(table)
    if wrong:
        raise ValueError(f"{path}: {wrong}; {RESTORE}")
    return table


def compared(fresh: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Rows measured anew beside those of the same reading and seed in the table, and whether they agree.

    They do within four times the spread over that reading's other seeds or over the default's (two or three seeds can
    agree by luck), or 1 % of the value, or two flagged digits.
    """
    reading, seed = fresh.reading.iloc[0], fresh.seed.iloc[0]
    same = (table.reading == reading) & (table.seed == seed)
    others = [table[(table.reading == name) & ~same] for name in (reading, "default")]
    spread = pd.concat([of.groupby(["claim", "part"]).value.std() for of in others], axis=1).max(axis=1)
    there = table[same].set_index(["claim", "part"]).value
    found = fresh[["claim", "part", "value"]].copy()
    at = pd.MultiIndex.from_frame(found[["claim", "part"]])
    found["in the table"], found["spread"] = there.reindex(at).to_numpy(), spread.reindex(at).to_numpy()
    least = (0.01 * found["in the table"].abs()).clip(lower=2.0 * found.part.str.startswith("flagged"))
    allowed = (4 * found.spread).fillna(0.0).clip(lower=least)
    found["agrees"] = (found.value - found["in the table"]).abs() <= allowed
    return found


RESTORE = "bring it back (git checkout results), or move robustness.csv and robustness.json away to begin anew"


def fault(table: pd.DataFrame) -> str:
    """The first thing that is wrong with a table, in words; "" if nothing is."""
    if list(table.columns) != COLUMNS:
        return f"its columns are {', '.join(map(str, table.columns))}; expected {', '.join(COLUMNS)}"
    for (reading, seed), own in table.groupby(["reading", "seed"], sort=False, dropna=False):
        at = f"reading {reading}, seed {seed}"
        if reading not in READINGS:
            return f"{at}: there is no such reading"
        if own.isna().drop(columns="value").any(axis=None) or seed not in range(MOST + 1):
            return f"{at}: a row is cut off, or its seed is not one of 0 to {MOST}"
        twice = own.duplicated(["claim", "part"])
        if twice.any():
            return f"{at}: {' '.join(own.loc[twice, ['claim', 'part']].iloc[0])} stands there twice"
        if list(own.claim.unique()) != touched(reading):
            return f"{at}: it holds {', '.join(own.claim.unique())}; expected {', '.join(touched(reading))}"
        for claim, parts in own.groupby("claim", sort=False):
            numbers = [Part(p.part, p.value, p.relation, p.boundary) for p in parts.itertuples()]
            if len(numbers) != PARTS[claim]:
                return f"{at}: {claim} has {len(numbers)} rows; expected {PARTS[claim]}"
            if [p.relation in COMPARE and p.holds for p in numbers] != list(parts.holds):
                return f"{at}: what {claim} measures does not go with its boundary"
            if set(parts.verdict) != {judge(numbers, claim)}:
                return f"{at}: the verdict of {claim} does not follow from its numbers"
    return ""
