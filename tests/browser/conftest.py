"""One Chromium, and one JupyterLab of our own, for all browser tests."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from playwright.sync_api import sync_playwright

from tools import chapters, reproduce
from tools.lab import LARGEST
from vaepaper import paths

SHOTS = paths.BUILD / "browser"


@pytest.fixture(scope="session")
def browser():
    """The chromium on the path, else Playwright's own, without a window."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    paths.writable(SHOTS)
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--use-gl=swiftshader"]
        chromium = playwright.chromium.launch(executable_path=found, args=options)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """The address of a notebook's copy in a real JupyterLab: lab.format("08_playground.ipynb")."""
    reproduce.train_first(chapters.select(["08"]), {})
    folder, token = tmp_path_factory.mktemp("lab"), secrets.token_hex(16)
    for source in chapters.select([]):
        shutil.copy(source, folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", f"--port={port}", "--port-retries=0"]
    options += [f"--notebook-dir={folder}", f"--IdentityProvider.token={token}", "--LabApp.news_url=None"]
    options += [f"--ServerApp.tornado_settings={LARGEST}"]  # as `make lab`
    here = {"VAEPAPER_BUILD": paths.BUILD, "VAEPAPER_DATA": paths.DATA}
    here |= {"JUPYTER_CONFIG_DIR": folder / ".config", "JUPYTERLAB_WORKSPACES_DIR": folder / ".spaces"}
    environment = os.environ | {name: str(path) for name, path in here.items()}
    log, address = folder / "log.txt", f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "jupyter", "lab", *options]
    options = {"stderr": subprocess.STDOUT, "env": environment}
    with log.open("w") as said, subprocess.Popen(command, stdout=said, **options) as server:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/api?token={token}", timeout=1).close()
                break
            except OSError:
                assert server.poll() is None, log.read_text()
                time.sleep(0.5)
        yield f"{address}/lab/tree/{{}}?token={token}&reset"
        server.terminate()
