"""The playground as a visitor meets it: a real JupyterLab, browser and pointer; pictures in build/browser/."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from vaepaper import chapters, paths, reproduce

SHOTS = paths.BUILD / "browser"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab of our own, with a copy of the playground, and its trainings remembered."""
    [source] = chapters.select(["08"])
    reproduce.train_first([source], {})
    folder = tmp_path_factory.mktemp("lab")
    shutil.copy(source, folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    command = [
        sys.executable,
        "-m",
        "jupyter",
        "lab",
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--port-retries=0",
    ]
    command += [f"--IdentityProvider.token={token}", f"--notebook-dir={folder}", "--LabApp.news_url=None"]
    environment = os.environ | {"VAEPAPER_BUILD": str(paths.BUILD), "VAEPAPER_DATA": str(paths.DATA)}
    environment |= {"JUPYTER_CONFIG_DIR": str(folder / ".config"), "JUPYTERLAB_WORKSPACES_DIR": str(folder / ".spaces")}
    with (
        (folder / "log.txt").open("w") as log,
        subprocess.Popen(command, stdout=log, stderr=log, env=environment) as server,
    ):
        address = f"http://127.0.0.1:{port}"
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/api?token={token}", timeout=1).close()
                break
            except OSError:
                assert server.poll() is None, (folder / "log.txt").read_text()
                time.sleep(0.5)
        yield f"{address}/lab/tree/{source.name}?token={token}&reset"
        server.terminate()
