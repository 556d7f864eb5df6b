"""The classic layout of a custom container: a Dockerfile, and the programs ``train`` and ``serve`` in /opt/program."""

from __future__ import annotations

import textwrap
from pathlib import Path

DOCKERFILE = """
    # A custom container in the form of AWS's examples.
    FROM python:3.11-slim

    LABEL maintainer="someone@example.com"
    RUN apt-get -y update && apt-get install -y --no-install-recommends \\
        wget nginx ca-certificates \\
        && rm -rf /var/lib/apt/lists/*
    RUN pip install --no-cache-dir localaws-tiny==1.0

    ENV PYTHONUNBUFFERED=TRUE PATH="/opt/program:${PATH}"
    COPY program /opt/program
    RUN chmod +x /opt/program/train /opt/program/serve
    WORKDIR /opt/program
    """

TRAIN = """
    #!/usr/bin/env python3
    import json, os, sys
    import localaws_tiny
    from pathlib import Path

    base = Path("/opt/ml")
    hyperparameters = json.loads((base / "input/config/hyperparameters.json").read_text())
    rows = [float(line) for path in sorted((base / "input/data/train").iterdir()) for line in path.read_text().split()]
    print("arguments", sys.argv[1:], "in", os.getcwd(), "with", localaws_tiny.VERSION, flush=True)
    if hyperparameters.get("fail"):
        (base / "output/failure").write_text("as requested")
        sys.exit(3)
    scratch = Path("/opt/program/scratch")  # a container may write among its own files; no other will see it
    assert not scratch.exists()
    scratch.write_text("written")
    (base / "model/mean.json").write_text(json.dumps(sum(rows) / len(rows)))
    """

SERVE = """
    #!/usr/bin/env python3
    import boto3, json, os
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from pathlib import Path
    import helper

    mean = json.loads(Path("/opt/ml/model/mean.json").read_text())

    class Handler(BaseHTTPRequestHandler):
        def answer(self, text):
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_GET(self):
            self.answer("")

        def do_POST(self):
            value = float(self.rfile.read(int(self.headers["Content-Length"])))
            caller = boto3.client("sts").get_caller_identity()["Arn"]
            self.answer(json.dumps({"above": value > mean, "from": helper.NAME, "caller": caller}))

    HTTPServer(("0.0.0.0", PORT), Handler).serve_forever()
    """
ANY_PORT = 'int(os.environ.get("SAGEMAKER_BIND_TO_PORT", 8080))'


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write files below a folder; files that begin with ``#!`` become executable. Returns the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip())
    return folder


def classic(folder: Path, port: str = ANY_PORT, **changes: str) -> Path:
    """The files of the classic layout; ``changes`` replace files, by name without folder."""
    texts = {"Dockerfile": DOCKERFILE, "train": TRAIN, "serve": SERVE.replace("PORT", port, 1), "helper.py": "NAME = 'helper'\n"} | changes
    return write(folder, {name if name == "Dockerfile" else f"program/{name}": text for name, text in texts.items()})
