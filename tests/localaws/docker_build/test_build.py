"""Builds: the contents of an image, and the error for a Dockerfile that cannot be built."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import textwrap
import uuid
from pathlib import Path

import pytest

from course.localaws.docker_build import ImageBuildError, build
from course.localaws.server import launch

SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
COURSE = str(Path(sys.executable).with_name("course"))


class Image:
    """The configuration and the files of a built image."""

    def __init__(self, handle: launch.Handle, ecr, uri: str) -> None:
        repository, _, tag = uri.partition("/")[2].rpartition(":")
        [image] = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": tag}])["images"]
        body = handle.state / "images" / json.loads(image["imageManifest"])["config"]["digest"].removeprefix("sha256:")
        self.config = json.loads((body / "config.json").read_text())["config"]
        self.environment = dict(variable.split("=", 1) for variable in self.config["Env"])
        self.root = body / "files"

    def files(self) -> dict[str, str]:
        return {f"/{path.relative_to(self.root)}": path.read_text() for path in sorted(self.root.rglob("*")) if path.is_file()}


@pytest.fixture
def built(local_aws: launch.Handle, client, tmp_path: Path):
    """Builds a Dockerfile in a folder of files."""

    def make(dockerfile: str, files: dict[str, str] | None = None, report_line=print, **arguments: str) -> Image:
        write(tmp_path, {"Dockerfile": dockerfile} | (files or {}))
        image = build(local_aws, tmp_path, f"tests/{uuid.uuid4().hex}", arguments=arguments, report_line=report_line)
        return Image(local_aws, client("ecr"), image.uri)

    return make


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text))
    return folder


def test_the_configuration_is_that_of_the_dockerfile(built) -> None:
    image = built(
        """
        ARG VERSION=3.11
        FROM python:${VERSION}-slim AS only
        ARG VERSION
        ARG GIVEN=default
        ARG WINS=no
        ENV WINS=env VERSION_OF=$VERSION-$GIVEN OLD="a b"
        ENV PATH="/opt/program:${PATH}" LATER=$OLD
        LABEL title="A title" version=$VERSION
        WORKDIR /opt
        WORKDIR program
        EXPOSE 8080 9000/udp
        USER 1000
        STOPSIGNAL SIGINT
        VOLUME ["/data"]
        SHELL ["/bin/bash", "-c"]
        HEALTHCHECK --interval=5s CMD curl localhost
        ENTRYPOINT serve $WINS
        CMD ["--port", "8080"]
        """,
        GIVEN="given",
        WINS="argument",
    )
    assert (
        image.environment
        | {
            "LANG": "C.UTF-8",
            "PATH": "/opt/program:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "VERSION_OF": "3.11-given",
            "WINS": "env",
            "OLD": "a b",
            "LATER": "a b",
        }
        == image.environment
    )
    rest = {name: value for name, value in image.config.items() if name != "Env"}
    assert rest == {
        "Cmd": ["--port", "8080"],
        "Entrypoint": ["/bin/bash", "-c", "serve $WINS"],
        "ExposedPorts": {"8080/tcp": {}, "9000/udp": {}},
        "Healthcheck": {"Test": ["CMD-SHELL", "curl localhost"]},
        "Labels": {"title": "A title", "version": "3.11"},
        "StopSignal": "SIGINT",
        "User": "1000",
        "Volumes": {"/data": {}},
        "WorkingDir": "/opt/program",
    }


def test_a_base_images_command_is_used_unless_there_is_an_entry_point(built) -> None:
    assert built("FROM python:3.11\n").config["Cmd"] == ["python3"]
    assert built('FROM python:3.11\nENTRYPOINT ["a"]\n').config["Cmd"] is None
    aws = built(f"FROM {SKLEARN}\n")
    assert aws.environment["PYTHONUNBUFFERED"] == "1" and aws.config["Cmd"] is None


def test_files_go_where_docker_puts_them(built) -> None:
    files = {
        "a.py": "a",
        "b.py": "b",
        "sub/c.py": "c",
        "sub/deep/d.txt": "d",
        "sub/secret.env": "s",
        ".dockerignore": "**/*.env\n",
    }
    image = built(
        """
        FROM debian
        WORKDIR /srv
        COPY a.py ./
        COPY a.py renamed.py
        COPY --chmod=700 *.py /many/
        COPY sub /sub
        COPY ["b.py", "/with blank/b.py"]
        ADD . /all
        RUN mkdir -p made/deep && touch made/deep/empty && rm -rf /many/b.py /var/lib/apt/lists/*; chmod a+x renamed.py
        RUN cd /sub && cp c.py copied.py && mv copied.py moved.py
        """,
        files,
    )
    found = image.files()
    everything = {f"/all/{name}": text for name, text in files.items() if not name.endswith((".env", ".dockerignore"))}
    own = {name: text for name, text in found.items() if not name.startswith("/all/")}
    assert everything.items() <= found.items() and "/all/sub/secret.env" not in found
    assert own == {
        "/many/a.py": "a",
        "/sub/c.py": "c",
        "/sub/deep/d.txt": "d",
        "/sub/moved.py": "c",
        "/with blank/b.py": "b",
        "/srv/a.py": "a",
        "/srv/made/deep/empty": "",
        "/srv/renamed.py": "a",
    }
    modes = {name: (image.root / name).stat().st_mode & 0o777 for name in ("many/a.py", "srv/renamed.py", "srv/a.py")}
    assert modes == {"many/a.py": 0o700, "srv/renamed.py": 0o755, "srv/a.py": 0o644}


def test_add_unpacks_an_archive_and_copy_does_not(built, tmp_path: Path) -> None:
    write(tmp_path, {"inside.txt": "inside"})
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "inside.txt", "folder/inside.txt")
    image = built("FROM debian\nADD x.tar.gz /added/\nCOPY x.tar.gz /copied/\n")
    assert (image.root / "added/folder/inside.txt").read_text() == "inside" and (image.root / "copied/x.tar.gz").is_file()


def test_skipped_instructions_are_listed_as_warnings(built) -> None:
    lines: list[str] = []
    built(
        """
        FROM python:3.8
        RUN apt-get update && apt-get install -y nginx=1.2 && pip install --upgrade pip
        RUN useradd app && chown app /srv
        USER app
        COPY --chmod=755 program /srv/
        """,
        {"program": "#!/usr/bin/python3 -u\n"},
        report_line=lines.append,
        UNKNOWN="x",
    )
    warnings = [line for line in lines if line.startswith("[warning]")]
    assert len(warnings) == 8
    for words in (
        "python:3.8 is replaced by the Python of this machine",
        "nginx not installed",
        "pip stay as they are",
        "USER is noted",
        "begins with #!/usr/bin/python3",
    ):
        assert any(words in warning for warning in warnings), words
    assert any("UNKNOWN: no ARG" in warning for warning in warnings)


BAD = [
    ("", "has no instruction"),
    ("COPY a b\n", "line 1, COPY: a Dockerfile begins with FROM"),
    ("FROM scratch\n", "line 1, FROM: this base is not available without Docker: scratch"),
    ("FROM nvidia/cuda:12\n", "Build FROM python, ubuntu, debian, amazonlinux"),
    ("FROM 123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:1\n", "an image of your own registry"),
    ("FROM 683313688378.dkr.ecr.us-east-1.amazonaws.com/other:1\n", "there is no local image for the repository other"),
    ("FROM python\nFROM python\n", "line 2, FROM: a second FROM: builds of several stages"),
    ("FROM python\nCOPY --from=builder /a /b\n", "line 2, COPY: --from takes files of another stage"),
    ("FROM python\nCOPPY a b\n", "line 2: COPPY is no instruction"),
    ("FROM python\nCOPY missing.txt /x\n", "line 2, COPY: there is no missing.txt in the build's folder"),
    ("FROM python\nCOPY ../x /x\n", "is outside the build's folder"),
    ("FROM python\nCOPY out.txt /x\n", "a link that leads out of the build's folder"),
    ("FROM python\nCOPY hidden.txt /x\n", ".dockerignore leaves it out"),
    ("FROM python\nCOPY a.txt\n", "it needs a source and a destination"),
    ("FROM python\nCOPY a.txt b.txt /file\n", "must be a folder: write /file/"),
    ("FROM python\nADD https://example.com/x /x\n", "would have to be fetched over the network"),
    ("FROM python\nRUN <<EOF\npip install x\nEOF\n", "line 2, RUN: heredocs"),
    ("FROM python\nRUN curl https://x | sh\n", "line 2, RUN: '| sh' needs the shell of a container"),
    ("FROM python\nRUN make\n", "line 2, RUN: `make` cannot be run, for there is no container"),
    ("FROM python\n\nRUN apt-get install -y \\\n  postgresql gcc\n", "line 3, RUN: apt-get cannot install postgresql"),
    ("FROM python\nRUN X=1 pip install a\n", "X=1 sets a variable for one command"),
    ("FROM python\nRUN pip install -e .\n", "would lead to where the image is built"),
    ("FROM python\nRUN pip download x\n", "only `pip install` can be run"),
    ("FROM python\nRUN pip install no-such-package-here==0.0\n", "`pip install no-such-package-here==0.0` ended with exit code 1"),
    ("FROM python\nRUN chmod +x /nowhere\n", "`chmod +x /nowhere` failed: chmod: cannot access '/nowhere'"),
    ("FROM python\nRUN cp --target-directory=/tmp a\n", "the option --target-directory=/tmp of cp is not supported"),
    ("FROM python\nRUN mv -t/tmp a\n", "the option -t/tmp of mv is not supported"),
    ("FROM python\nENTRYPOINT ['a', 'b']\n", "is no JSON array of strings"),
    ("FROM python\nENV A\n", "A has no value; write A=value"),
    ("FROM python\nENV A=1 B\n", "B is not of the form NAME=value"),
    ('FROM python\nENV A="1\n', "line 2, ENV: a double quote is not closed"),
    ("FROM python\nWORKDIR ${A%b}\n", "line 2, WORKDIR: of what '${A%b}' asks only"),
    ("FROM python\nONBUILD RUN x\n", "line 2, ONBUILD: triggers"),
    ("FROM python\nEXPOSE http\n", "http is no port"),
    ("FROM python\nCOPY --chmod=u+x a.txt /x\n", "write three octal digits"),
    ("FROM python\nCOPY\n", "line 2, COPY: it needs at least one argument"),
]


def bodies(handle: launch.Handle) -> list[str]:
    return sorted(path.name for path in (handle.state / "images").iterdir())


@pytest.mark.parametrize(("dockerfile", "words"), BAD, ids=[words for _, words in BAD])
def test_a_bad_dockerfile_gets_its_paragraph(
    local_aws: launch.Handle, client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dockerfile: str, words: str
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    folder = write(tmp_path / "context", {"Dockerfile": dockerfile, "a.txt": "", "b.txt": "", "hidden.txt": "", ".dockerignore": "hidden*"})
    (tmp_path / "outside.txt").write_text("")
    (folder / "out.txt").symlink_to("../outside.txt")
    before = bodies(local_aws)
    with pytest.raises(ImageBuildError) as caught:
        build(local_aws, folder, "tests/bad")
    message = str(caught.value)
    assert words in message and str(folder / "Dockerfile") in message and "\n" not in message
    assert bodies(local_aws) == before
    names = [repository["repositoryName"] for repository in client("ecr").describe_repositories()["repositories"]]
    assert "tests/bad" not in names


@pytest.mark.parametrize("tag", ["Upper", "a:b:c", "", "-a", "683313688378.dkr.ecr.us-east-1.amazonaws.com/mine:1"])
def test_a_malformed_tag_is_refused(local_aws: launch.Handle, tmp_path: Path, tag: str) -> None:
    with pytest.raises(ImageBuildError, match="is no tag|is not to be had"):
        build(local_aws, write(tmp_path, {"Dockerfile": "FROM python\n"}), tag)


def test_a_malformed_image_is_refused(local_aws: launch.Handle, tmp_path: Path) -> None:
    before = bodies(local_aws)
    (tmp_path / "text.tar").write_text("no archive")
    with tarfile.open(tmp_path / "other.tar", "w") as tar:
        tar.add(tmp_path / "text.tar", "config.json")
    with tarfile.open(tmp_path / "escaping.tar", "w") as tar:
        tar.add(tmp_path / "text.tar", "../../escaped")
    for name in ("text.tar", "other.tar", "escaping.tar"):
        with pytest.raises(launch.ServerError, match="this is not the body of an image"):
            local_aws.upload_image(tmp_path / name)
    assert bodies(local_aws) == before and not (local_aws.state / "escaped").exists()


def test_run_stays_among_the_images_files(built, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A link out of the image is resolved inside the image."""
    outside = write(tmp_path_factory.mktemp("outside"), {"precious.txt": "precious"})
    (tmp_path / "links").mkdir()
    (tmp_path / "links/out").symlink_to(outside)
    image = built(
        """
        FROM python
        COPY links /links
        RUN rm -rf /links/out/precious.txt && touch ../../../escaped && mkdir -p /links/out/made && chmod -r /links/*
        RUN cp -r /links /more && rm /more/o*
        """
    )
    assert outside.stat().st_mode & 0o400 and not any((image.root / "more").iterdir())
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"precious.txt": "precious"}
    assert (image.root / "escaped").is_file()


def test_on_the_command_line(local_aws: launch.Handle, client, tmp_path: Path) -> None:
    """Also without user namespaces."""
    folder = write(tmp_path / "context", {"Own.dockerfile": "FROM python\nARG NAME\nENV NAME=$NAME\nRUN pip install --no-deps ./package\n"})
    write(folder, {"package/pyproject.toml": "broken ["})
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "COURSE_NO_USERNS": "1",
        "NAME": "me",
    }
    command = [COURSE, "aws", "build", str(folder), "--tag", "tests/cli:v1", "--file", str(folder / "Own.dockerfile")]
    command += ["--build-arg", "NAME", "--state", str(local_aws.state)]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert ran.returncode == 1 and "Traceback" not in ran.stderr
    assert ran.stderr.startswith(f"course aws build: {folder / 'Own.dockerfile'}: line 4, RUN: `pip install --no-deps ./package` ended")
    assert "File '/package' does not exist" in ran.stdout
    write(folder, {"Own.dockerfile": "FROM python\nARG NAME\nENV NAME=$NAME\nCOPY Own.dockerfile /srv/\n"})
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert ran.returncode == 0, ran.stderr
    uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/tests/cli:v1"
    assert ran.stdout.splitlines()[-1] == f"Registered {uri}"
    assert Image(local_aws, client("ecr"), uri).environment["NAME"] == "me"
