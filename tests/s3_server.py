"""A server of the S3 protocol on this machine, and a line to it that can be cut."""

import contextlib
import socket
import threading
from types import SimpleNamespace

import pytest


class Line:
    """Hands bytes on to a server, both ways; ends all connections when its allowance is used up."""

    def __init__(self, port):
        self._to = port
        self.allowance = None  # of bytes, for all connections; None is no limit
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listening.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._copy, args=pair, daemon=True).start()

    def _copy(self, source, target):
        with contextlib.suppress(OSError):
            while self._allowed(data := source.recv(2**16)):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _allowed(self, data):
        with self._lock:
            if self.allowance is not None:
                self.allowance -= len(data)
                return self.allowance > 0 and data
        return data


@contextlib.contextmanager
def s3_server():
    """Run moto's server and make fsspec's s3:// speak with it.

    Its value has ``line``, through which all goes; ``options`` of s3fs; and ``boto``, a client of
    the bucket ``bucket`` that goes there directly.
    """
    boto3 = pytest.importorskip("boto3")
    moto_server = pytest.importorskip("moto.server")
    pytest.importorskip("s3fs")
    import fsspec.config

    server = moto_server.ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    line = Line(port)
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    direct = f"http://127.0.0.1:{port}"
    boto = boto3.client("s3", endpoint_url=direct, region_name="us-east-1", **keys)
    boto.create_bucket(Bucket="bucket")
    options = {
        "endpoint_url": f"http://127.0.0.1:{line.port}",
        "key": "testing",
        "secret": "testing",
        "client_kwargs": {"region_name": "us-east-1"},
        "default_block_size": 5 * 2**20,
        # botocore's own attempts come on top of those of s3fs, with long waits between them
        "config_kwargs": {"retries": {"max_attempts": 1}},
    }
    fsspec.config.conf["s3"] = options
    try:
        yield SimpleNamespace(line=line, options=options, boto=boto, http=direct)
    finally:
        del fsspec.config.conf["s3"]
        line.close()
        server.stop()
