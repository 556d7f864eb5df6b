"""``smspark-submit``, the entrypoint of AWS's Spark processing image, on pyspark in local mode.

It matches smspark's options, lists of directories, unified configuration and exit code. Different: the first instance runs Spark on all
cores of this machine, and the other instances end at once. There is no YARN, HDFS or Hive, and Spark itself does not read ``s3://``: the
application and the files of ``--py-files``, ``--jars`` and ``--files`` may be in S3, but data must come from the job's inputs. Spark is the
installed version, whatever the image's tag says.

Source: src/smspark of https://github.com/aws/sagemaker-spark-container, read 2026-11-25.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn

from course.localaws.images.shared.script_mode import base_directory

S3 = re.compile(r"\bs3[an]?://[^\s'\",)]*")
LISTS = ("jars", "py-files", "files")
# The prefix of a classification's properties in Spark's configuration; https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-configure-apps.html
PROPERTIES = {"spark-defaults": "", "core-site": "spark.hadoop.", "hive-site": "spark.hadoop.", "spark-hive-site": "spark.hadoop."}
ENVIRONMENTS = ("spark-env", "hadoop-env")
WITHOUT_EFFECT = ("hadoop-log4j", "hive-env", "hive-log4j", "hive-exec-log4j", "spark-log4j", "spark-metrics", "yarn-env", "yarn-site")
# No name needs to be resolved, and several jobs can run at the same time.
LOCAL = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.ui.enabled": "false"}

NO_S3 = (
    "[local AWS] Spark does not read or write S3 here, and this job names {uri}. Where Spark opens it, the job fails. Give the data as "
    "inputs and outputs of the processing job, and let Spark open the folders below /opt/ml/processing."
)


class Arguments(argparse.ArgumentParser):
    """Parses the options before the application. Everything after it belongs to the application."""

    def __init__(self) -> None:
        super().__init__("smspark-submit", allow_abbrev=False)
        self.add_argument("--class", dest="class_name")
        for name in LISTS:
            self.add_argument(f"--{name}")
        self.add_argument("--spark-event-logs-s3-uri")
        self.add_argument("--local-spark-event-logs-dir")
        self.add_argument("-v", "--verbose", action="store_true")
        self.add_argument("app")
        self.add_argument("arguments", nargs=argparse.REMAINDER)

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def main(argv: list[str]) -> int:
    """Run the application and return the container's exit code: 1 for any error."""
    try:
        options = Arguments().parse_args(argv)
        resources = json.loads((base_directory() / "config/resourceconfig.json").read_text())
        if resources["current_host"] != resources["hosts"][0]:
            print("Spark runs on the first instance alone; this one is done", flush=True)
            return 0
        return _submit(options)
    except (ValueError, OSError) as error:
        print(f"ValueError: {error}", file=sys.stderr, flush=True)
        return 1


def _submit(options: argparse.Namespace) -> int:
    home = Path(importlib.util.find_spec("pyspark").origin).parent
    with tempfile.TemporaryDirectory() as folder:
        events = options.local_spark_event_logs_dir or (folder if options.spark_event_logs_s3_uri else None)
        properties, variables = configuration(base_directory() / "processing/input/conf/configuration.json")
        properties |= LOCAL
        if events:
            properties |= {"spark.eventLog.enabled": "true", "spark.eventLog.dir": Path(events).resolve().as_uri()}
        command = [str(home / "bin/spark-submit"), "--master", "local[*]", "--deploy-mode", "client"]
        command += [part for name, value in properties.items() for part in ("--conf", f"{name}={value}")]
        command += ["--class", options.class_name] if options.class_name else []
        for name in LISTS:
            if given := getattr(options, name.replace("-", "_")):
                command += [f"--{name}", ",".join(listed(given.split(",")))]
        command += ["--verbose"] if options.verbose else []
        [application] = fetched([options.app])
        command += [application, *options.arguments]
        if uri := s3_uri(Path(application), options.arguments):
            print(NO_S3.format(uri=uri), flush=True)
        print(f"running spark submit command: {shlex.join(command)}", flush=True)
        places = {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": tempfile.gettempdir()}
        python = {"PYSPARK_PYTHON": "python3", "PYSPARK_DRIVER_PYTHON": "python3"}
        process = subprocess.Popen(command, env=os.environ | python | variables | places)
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        exit_code = process.wait()
        if options.spark_event_logs_s3_uri:
            _publish(Path(events), options.spark_event_logs_s3_uri)
    if exit_code != 0:
        print(f"spark-submit command failed with exit code {exit_code}", file=sys.stderr, flush=True)
    return 1 if exit_code else 0


def s3_uri(application: Path, arguments: list[str]) -> str | None:
    """The first S3 URI among an application's arguments or in its Python code."""
    code = application.read_text(errors="replace") if application.suffix == ".py" and application.is_file() else ""
    found = S3.search("\n".join([*arguments, code]))
    return found and found[0]


def configuration(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The Spark properties and environment variables of the unified configuration, which is one classification or a list.

    Raises
    ------
    ValueError
        The classification is unknown to smspark, or the file is not a configuration.
    """
    properties: dict[str, str] = {}
    variables: dict[str, str] = {}
    content = json.loads(path.read_text()) if path.exists() else []
    try:
        for entry in content if isinstance(content, list) else [content]:
            name = entry["Classification"]
            if name in PROPERTIES:
                properties |= {f"{PROPERTIES[name]}{key}": value for key, value in entry["Properties"].items()}
            elif name in ENVIRONMENTS:
                for inner in entry.get("Configurations", []):
                    variables |= inner["Properties"]
            elif name in WITHOUT_EFFECT:
                print(f"the configuration {name} has no effect on the local AWS", flush=True)
            else:
                raise ValueError(f"unknown classification {name!r} in {path}")
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} holds no configuration: {type(error).__name__}: {error}") from error
    return properties, variables


def listed(paths: Iterable[str]) -> Iterator[str]:
    """The files of a list of absolute paths and S3 URIs. A directory means the files in it. Raises ValueError."""
    for path in fetched(paths):
        place = Path(path)
        if not place.is_absolute():
            raise ValueError(f"file path {path} must be an absolute path to a file or directory")
        files = sorted(str(file) for file in place.iterdir() if file.is_file()) if place.is_dir() else [path]
        if not files or not place.exists():
            raise ValueError(f"found no file at {path}")
        yield from files


def fetched(paths: Iterable[str]) -> Iterator[str]:
    """The paths, with S3 objects downloaded to local files."""
    for path in paths:
        scheme, _, rest = path.rpartition("://")
        if scheme not in ("s3", "s3a"):
            yield rest
            continue
        import boto3

        bucket, _, key = rest.partition("/")
        target = Path(tempfile.mkdtemp()) / Path(key).name
        boto3.client("s3").download_file(bucket, key, str(target))
        yield str(target)


def _publish(folder: Path, uri: str) -> None:
    import boto3

    bucket, _, prefix = uri.rpartition("://")[2].partition("/")
    for path in folder.iterdir():
        boto3.client("s3").upload_file(str(path), bucket, f"{prefix.rstrip('/')}/{path.name}".lstrip("/"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
