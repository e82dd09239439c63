"""One measured number, the boundary that it is held against, and the verdict that follows."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass

COMPARE = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
MARKS = {"reproduced": "✔ reproduced", "partly": "◐ partly", "not reproduced": "✘ not reproduced"}
OURS = {
    "reproduced": "✔ holds",
    "partly": "◐ in part",
    "not reproduced": "✘ does not hold",
}  # what nobody claimed before


@dataclass(frozen=True)
class Part:
    """One measured number of a claim's test, and the boundary that it is held against."""

    name: str
    value: float
    relation: str  # ">=", "<=", ">" or "<"
    boundary: float
    error: float = 0.0  # the value's standard error, where it is a mean over draws of this very run

    @property
    def holds(self) -> bool:
        """Whether the number is on the claim's side; a NaN never is."""
        return bool(COMPARE[self.relation](self.value, self.boundary))


def judge(parts: Sequence[Part], claim: str = "") -> str:
    """`reproduced` if all parts hold, `partly` if some do, else `not reproduced`; C8 and C9 have rules of their own."""
    held = [part.holds for part in parts]
    if claim == "C8" and not held[0]:  # a difference that may be chance is none, however large
        return "not reproduced"
    if claim == "C9" and held[0]:  # more than chance explains is enough
        return "reproduced"
    return "reproduced" if all(held) else "partly" if any(held) else "not reproduced"
