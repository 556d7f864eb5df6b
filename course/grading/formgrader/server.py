"""The formgrader's server: a Jupyter server without contents, kernels, terminals and extensions, on loopback, at a port of its own."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from jupyter_server.serverapp import ServerApp
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension
from traitlets.config import Config

from course.grading.display.exporter import FormgraderExporter
from course.grading.formgrader.content_security_policy import CLOSED, OURS
from course.grading.formgrader.handlers import POLICY, routes

HEADERS = {
    POLICY: CLOSED,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class FormgraderServer(ServerApp):
    """Serves the formgrader and the page for logging in. Reads no configuration of Jupyter's, which could add handlers."""

    default_services = ()

    def load_config_file(self, *_: Any, **__: Any) -> None:
        pass

    def init_server_extensions(self) -> None:
        self.jpserver_extensions = {}
        super().init_server_extensions()

    def load_server_extensions(self) -> None:
        formgrader = FormgradeExtension(parent=self, debug=False)  # else its first page shows the whole configuration
        formgrader.root_dir = self.root_dir
        formgrader.log = self.log
        formgrader.initialize([])
        formgrader.init_tornado_settings(self.web_app)
        self.web_app.settings["nbgrader_exporter"] = FormgraderExporter(f"{OURS}mathjax.js", config=formgrader.config)
        self.web_app.add_handlers(".*$", routes())


def serve(root: Path, port: int, browser: bool) -> None:
    """Serve the formgrader of a course's folder until Ctrl-C or SIGTERM. Port 0 means: take any free port."""
    os.chdir(root)  # nbgrader's configuration has paths relative to it
    settings = {
        "ip": "127.0.0.1",
        "port": port,
        "root_dir": str(root),
        "default_url": "/formgrader",
        "open_browser": browser,
        "answer_yes": True,  # Ctrl-C ends it without a question
        "allow_root": os.geteuid() == 0,  # usual in a container
        "log_level": "WARN",
        "tornado_settings": {"headers": HEADERS},
    }
    token = os.environ.get("JUPYTER_TOKEN") or secrets.token_hex(24)
    identity, contents = {"token": token}, {"files_handler_class": None}
    config = Config({"FormgraderServer": settings, "IdentityProvider": identity, "ContentsManager": contents})
    server = FormgraderServer.instance(config=config)
    server.initialize(argv=[], find_extensions=False)
    print(f"The formgrader: {server.connection_url}formgrader?token={token}\nCtrl-C ends it.", flush=True)
    server.start()
