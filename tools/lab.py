"""`make lab`: JupyterLab on the notebooks, for pictures as large as cameras make them."""

import sys

from jupyterlab.labapp import main

from vaepaper import paths  # makes VAEPAPER_DATA and _BUILD absolute: kernels start in another folder

# Bytes that a browser may send at once. By default 10 MiB: above that, the connection breaks without a word.
LARGEST = {"websocket_max_message_size": 100 * 2**20}

if __name__ == "__main__":
    options = ["--LabApp.news_url=None", f"--ServerApp.tornado_settings={LARGEST}"]
    sys.exit(main([*options, *sys.argv[1:], str(paths.NOTEBOOKS)]))
