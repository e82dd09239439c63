"""A run's numbers against the committed ones: equal byte for byte, or which differ, by how much, and why."""

from vaepaper import claims, paths

EQUAL = "build/claims.json equals results/claims.json, byte for byte."


def with_committed() -> tuple[bool, str]:
    """Whether build/claims.json is what is committed, and what to say of it.

    Where the same digits cannot be computed (`exact.why_not`), equal verdicts are enough.
    """
    ours, theirs = (folder / "claims.json" for folder in (paths.BUILD, paths.RESULTS))
    for path in (theirs, ours):
        if not path.exists():
            return True, f"There is no {path} to compare."
    found = {entry["id"]: entry for entry in claims.load(ours)}
    known = {entry["id"]: entry for entry in claims.load(theirs)}
    if ours.read_bytes() == theirs.read_bytes():
        return True, EQUAL
    said, same = [], found.keys() == known.keys()
    if not same:
        said.append(f"claims judged here or there alone: {', '.join(sorted(found.keys() ^ known.keys()))}")
    for name in found.keys() & known.keys():
        if found[name]["verdict"] != known[name]["verdict"]:
            same = False
            said.append(f"{name}: {found[name]['verdict']} here, {known[name]['verdict']} committed")
        for here, there in zip(found[name]["criteria"], known[name]["criteria"], strict=True):
            if here["value"] != there["value"]:
                off = here["value"] - there["value"]
                both = f"{here['value']:.10g} here, {there['value']:.10g} committed"
                said.append(f"{name}, {here['name']}: {both}: {off:+.2g}")
    from vaepaper import exact  # here: it imports torch, which takes seconds

    why = exact.why_not()
    head = f"Other digits than the committed ones: {why}." if why else "Numbers differ:"
    return same and bool(why), "\n".join([head, *sorted(said)])
