"""`make test-processors`: the golden test under emulated processors of two makers, none with AVX-512."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tqdm import tqdm

from vaepaper import paths

PROCESSORS = ("Haswell-v2", "EPYC-Milan")  # Intel, AMD; `qemu-x86_64 -cpu help` lists more


def main(names: list[str]) -> int:
    """Run tests/golden.py on each processor; 0 if all give the committed hashes."""
    golden = json.loads((paths.ROOT / "tests" / "golden.json").read_text(encoding="utf-8"))
    script, alone, failed = str(paths.ROOT / "tests" / "golden.py"), {**os.environ, "OMP_NUM_THREADS": "1"}, 0
    with tempfile.TemporaryDirectory() as folder:
        runs = {}
        for name in names or PROCESSORS:
            log = (Path(folder) / name).open("w+", encoding="utf-8")
            command = ["qemu-x86_64", "-cpu", name, sys.executable, script]
            run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=alone, text=True)
            runs[name] = run, log
        form = "{desc} {n}/{total} |{bar:20}| {elapsed}"
        with tqdm(total=len(runs), desc="processors", bar_format=form) as bar:
            while bar.n < len(runs):  # each takes minutes: the clock shows that it goes on
                time.sleep(1)
                bar.n = sum(run.poll() is not None for run, _ in runs.values())
                bar.refresh()
        for name, (run, log) in runs.items():
            said, _ = run.communicate()
            if run.returncode:
                log.seek(0)
                print(f"{name}: ended with {run.returncode}\n{log.read()[-2000:]}", file=sys.stderr)
                failed = 1
                continue
            found = json.loads(said)
            wrong = [what for what in golden if found.get(what) != golden[what]]
            print(f"{name}: {len(golden) - len(wrong)} of {len(golden)} hashes as committed")
            if wrong:
                print(f"{name} computes other bits of: {', '.join(wrong)}", file=sys.stderr)
                failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
