"""A real S3 server from its wheel, on loopback."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers import free_port

START_SECONDS = 30
BUCKET = "cakelens"
KEYS = {"AWS_ACCESS_KEY_ID": "access", "AWS_SECRET_ACCESS_KEY": "secret of tests"}
PORTS = ("s3.port", "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc")
QUIET = ("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-webdav=false", "-admin.ui=false")
OFF = ("-s3.port.iceberg=0", "-s3.port.lance=0")
"""Left alone, these listen on fixed ports, and a second server at the same time fails."""


@contextmanager
def bucket(folder: Path) -> Iterator[dict[str, Any]]:
    """Run SeaweedFS with one bucket until the block ends; give django-storages' options for it."""
    folder.mkdir(parents=True)
    ports = {name: free_port() for name in (*PORTS, "filer.port", "filer.port.grpc")}
    arguments = [f"-{name}={port}" for name, port in ports.items()]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [Path(sys.executable).with_name("weed"), "mini", f"-dir={folder}", *QUIET, *OFF, *arguments],
            env=os.environ | KEYS | {"S3_BUCKET": BUCKET},
            stdout=log,
            stderr=log,
        )
    try:
        _wait(server, ports["s3.port"], folder / "log")
        yield _options(ports["s3.port"])
    finally:
        server.kill()  # asked kindly, it waits half a minute for connections a client keeps open
        server.wait(20)


def _options(port: int) -> dict[str, Any]:
    return {
        "bucket_name": BUCKET,
        "endpoint_url": f"http://127.0.0.1:{port}",
        "access_key": KEYS["AWS_ACCESS_KEY_ID"],
        "secret_key": KEYS["AWS_SECRET_ACCESS_KEY"],
        "region_name": "us-east-1",
        "signature_version": "s3v4",
        "addressing_style": "path",
        "file_overwrite": True,
    }


def use(options: dict[str, Any], settings: Any, var: Path) -> None:
    """Let a test's storage be the bucket, and `var` the folder of what this machine keeps of it."""
    backend = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    settings.S3_BUCKET, settings.VAR_DIR = options["bucket_name"], var
    settings.STORAGES = settings.STORAGES | {"default": backend, "public": backend}


def _wait(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(log.read_text()[-2000:])
