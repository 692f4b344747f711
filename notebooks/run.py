"""Executes the notebooks on demo data, headless: `make notebooks` calls it.

    run.py YINGDA OUT [NOTEBOOK …]

YINGDA is the program, OUT a folder: OUT/data is the folder of analytics (made with demo data unless it is there), OUT/<name>.ipynb and .html are the
executed notebooks, OUT/<name>-<n>.png their figures. The notebooks themselves are not changed.
"""

import base64
import os
import pathlib
import socket
import subprocess
import sys
import time

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter

HERE = pathlib.Path(__file__).resolve().parent


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def serve(program, data, port):
    """Starts the analytics process and waits until it answers SQL."""
    process = subprocess.Popen([program, "analyse", "--dir", data, "--flight", f"127.0.0.1:{port}"], stderr=subprocess.PIPE, text=True)
    seen = []
    for line in process.stderr:
        seen.append(line)
        if "Flight SQL is answered" in line:
            return process
        if "is not answered" in line:
            break
    process.terminate()
    raise SystemExit("the analytics process does not answer SQL:\n" + "".join(seen))


def execute(path, out):
    """Executes a notebook and writes it and its figures to out."""
    notebook = nbformat.read(path, as_version=4)
    began = time.perf_counter()
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(HERE)}}).execute()
    nbformat.write(notebook, out / path.name)
    (out / path.with_suffix(".html").name).write_text(HTMLExporter().from_notebook_node(notebook)[0], encoding="utf-8")
    figures = 0
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if picture := output.get("data", {}).get("image/png"):
                figures += 1
                (out / f"{path.stem}-{figures}.png").write_bytes(base64.b64decode(picture))
    print(f"{path.name}: {figures} figures, {time.perf_counter() - began:.1f} s", flush=True)
    if figures == 0:
        raise SystemExit(f"{path.name} draws nothing")


def main():
    program, out = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    names = sys.argv[3:] or sorted(p.name for p in HERE.glob("*.ipynb"))
    data = out / "data"
    data.mkdir(parents=True, exist_ok=True)
    if not (data / "demo" / "truth.json").exists():
        subprocess.run([program, "demo-data", "--dir", data, "--days", "120", "--turns-per-day", "400"], check=True)
    # The lake is written for the notebooks that read it.
    subprocess.run([program, "lake", "seal", "--dir", data], check=True)
    port = free_port()
    os.environ.pop("MPLBACKEND", None)  # the kernel draws into the notebook
    os.environ.update(YINGDA_FLIGHT=f"grpc://127.0.0.1:{port}", YINGDA_LAKE=str(data / "lake"))
    process = serve(program, data, port)
    try:
        for name in names:
            execute(HERE / name, out)
    finally:
        process.terminate()
        process.wait()


main()
