"""`course aws`: the local AWS alone, for any program that uses an AWS SDK."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from course.localaws.billing import ledger
from course.localaws.billing.page import page
from course.localaws.docker_build import ImageBuildError, build
from course.localaws.images import libraries
from course.localaws.server import clock_text, launch
from course.localaws.server.instance import ServerError
from course.localaws.server.seed import SeedError, seed

FAST_FORWARD = (
    "while programs only poll, let the waits of deployments (canaries, linear steps) and of Spot jobs without capacity pass at once; not "
    "the time that jobs and endpoints need to run, and not waits for a schedule, which `course aws advance` lets pass"
)


def main(arguments: Sequence[str]) -> int:
    """Run one subcommand. Returns 1 if it failed, with the reason on standard error."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (ServerError, SeedError, ImageBuildError, libraries.AddImageError) as error:
        print(f"course aws {options.command}: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="course aws", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        where = "its folder (COURSE_LOCALAWS_STATE, else your user state folder)"
        command.add_argument("--state", type=Path, default=launch.default_state(), help=where)
        command.set_defaults(run=run)
        return command

    start = add("start", _start, "start it in the background; it answers when this returns")
    start.add_argument("--port", type=int, default=0, help="on 127.0.0.1 (default: a free one)")
    start.add_argument("--socket", type=Path, help="also listen on this Unix socket, for its owner only")
    start.add_argument("--fast-forward", action="store_true", help=FAST_FORWARD)
    add("env", _env, 'print what a shell needs to use it: eval "$(course aws env)"')
    add("seed", _seed, "load DIR/<bucket>/<key> into S3").add_argument("directory", type=Path, metavar="DIR")
    image = add("build", _build, "make a container image of a Dockerfile, without Docker, and put it into ECR")
    image.add_argument("directory", type=Path, metavar="DIR", help="the folder of which COPY copies")
    image.add_argument("--tag", "-t", required=True, metavar="REPOSITORY[:TAG]", help="or the whole URI that jobs will name")
    image.add_argument("--file", "-f", type=Path, metavar="DOCKERFILE", help="(default: DIR/Dockerfile)")
    image.add_argument(
        "--build-arg", action="append", default=[], metavar="NAME[=VALUE]", help="the value of an ARG; this shell's without ="
    )
    own = add("add-image", _add_image, "install the libraries that AWS's image of a version has, for every local AWS of this Python")
    own.add_argument("image", metavar="IMAGE:VERSION", help="as `course aws images` lists them, or a URI")
    own.add_argument("--remove", action="store_true", help="remove them again: the image has the course's libraries then")
    add("images", _images, "list the image versions whose own libraries can be added")
    add("status", _status, "say whether it runs, where, and which jobs and endpoints AWS would bill now")
    book = add("ledger", _ledger, "say what all of it would have cost on AWS, and what runs now")
    book.add_argument("--json", action="store_true", help="as JSON")
    book.add_argument("--free-tier", action="store_true", help="take off what AWS gives free in each month")
    book.add_argument("--html", type=Path, metavar="FILE", help="also write a page")
    events = add("events", _events, "list who called whom")
    events.add_argument("--since", type=int, default=0, metavar="ID", help="only what came after this event")
    events.add_argument("--json", action="store_true", help="one JSON object a line")
    add("clock", _clock, "say what time its clock says")
    advance = add("advance", _advance, "advance its clock, and do what is due by then")
    advance.add_argument("length", type=_seconds, metavar="LENGTH", help="seconds, or such as 90s, 15m, 1.5h, 1d12h")
    add("reset", _reset, "forget every resource, object and log; keys stay valid")
    add("stop", _stop, "end every job and server, and the local AWS itself")
    return parser


def _start(options: argparse.Namespace) -> int:
    handle = launch.start(options.state, options.port, options.socket, fast_forward=options.fast_forward)
    print(f"The local AWS runs at {handle.endpoint} (process {handle.pid}, state in {handle.state}).")
    print(f'Use it in this shell: eval "$(course aws env --state {shlex.quote(str(handle.state))})"')
    return 0


def _env(options: argparse.Namespace) -> int:
    # A service-specific endpoint has precedence over AWS_ENDPOINT_URL in SDKs without the plug-in.
    for name in sorted(os.environ):
        if name.startswith("AWS_ENDPOINT_URL_"):
            print(f"unset {name}")
    for name, value in _running(options).environment().items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _seed(options: argparse.Namespace) -> int:
    handle = _running(options)
    os.environ.update(handle.environment())  # overrides this shell's profiles and proxies for real accounts
    import boto3  # here, because its import takes longer than the other commands

    buckets, objects, size = seed(boto3.client("s3", endpoint_url=handle.endpoint), options.directory)
    print(f"Loaded {objects} objects ({size / 1e6:.1f} MB) into {buckets} buckets.")
    return 0


def _build(options: argparse.Namespace) -> int:
    given = [argument.partition("=") for argument in options.build_arg]
    arguments = {name: value if equals else os.environ.get(name, "") for name, equals, value in given}
    built = build(_running(options), options.directory, options.tag, options.file, arguments, print)
    print(f"Registered {built.uri}")
    return 0


def _add_image(options: argparse.Namespace) -> int:
    if options.remove:
        print(f"Removed the libraries of {options.image}." if libraries.remove(options.image) else f"{options.image} had none.")
        return 0
    print(f"New jobs and endpoints of {options.image} have the libraries in {libraries.add(options.image)}.")
    return 0


def _images(options: argparse.Namespace) -> int:
    for own in libraries.available():
        pinned = ", ".join(f"{name} {version}" for name, version in own.pinned.items())
        print(f"{own.name:<20}  {pinned:<40}  {own.state}")
    return 0


def _status(options: argparse.Namespace) -> int:
    handle = launch.find(options.state)
    if handle is None:
        print(f"No local AWS runs on {options.state}. Start it with `course aws start`.")
        return 1
    print(f"The local AWS runs at {handle.endpoint} (process {handle.pid}, state in {handle.state}).")
    running = handle.running()
    print("Jobs and endpoints that AWS would bill now:" if running else "No job or endpoint runs that AWS would bill.")
    for item in running:
        print("  {resource}: {count} x {instance_type}, {status}, for {seconds:.0f} s ({region})".format(**item))
    print("`course aws ledger` shows what else costs: keys, stored objects and more.")
    return 0


def _ledger(options: argparse.Namespace) -> int:
    found = _running(options).ledger(free_tier=options.free_tier)
    if options.html:
        options.html.write_text(page(found), encoding="utf-8")
    print(json.dumps(found, indent=1) if options.json else ledger.text(found))
    return 0


def _events(options: argparse.Namespace) -> int:
    handle, since = _running(options), options.since
    while events := handle.events(since):
        for event in events:
            print(json.dumps(event) if options.json else _line(event))
        since = events[-1]["id"]
    return 0


def _line(event: dict) -> str:
    when = datetime.fromtimestamp(event["time"]).strftime("%H:%M:%S")
    caller = event["caller"].rpartition(":")[2]
    what = f"{event['service']}:{event['operation']}"
    return f"{event['id']:>6}  {when}  {caller:<40}  {what:<45}  {event['status']}  {event['error'] or event['resource']}".rstrip()


def _clock(options: argparse.Namespace) -> int:
    print(clock_text.sentence(_running(options).clock(), time.time()))
    return 0


def _advance(options: argparse.Namespace) -> int:
    print(clock_text.sentence(_running(options).advance(options.length), time.time()))
    return 0


def _seconds(text: str) -> float:
    try:
        return clock_text.seconds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _reset(options: argparse.Namespace) -> int:
    _running(options).reset()
    print("Every resource, object and log is gone.")
    return 0


def _stop(options: argparse.Namespace) -> int:
    stopped = launch.stop(options.state)
    print(f"The local AWS of {options.state.absolute()} has ended." if stopped else f"No local AWS runs on {options.state}.")
    return 0


def _running(options: argparse.Namespace) -> launch.Handle:
    handle = launch.find(options.state)
    if handle is None:
        raise ServerError(f"no local AWS runs on {options.state}. Start it with `course aws start --state {options.state}`.")
    return handle
