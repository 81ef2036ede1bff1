"""What stands in front of a server: nginx as a reverse proxy, and a plain end of TLS."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ENDS_WITHIN: Final = 10.0

NGINX: Final = """\
daemon off;
pid {folder}/pid;
error_log {folder}/errors emerg;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  server {{
    listen {address};
    location / {{
      proxy_pass {behind};
      proxy_http_version 1.1;
      proxy_read_timeout 1h;
      proxy_send_timeout 1h;
      proxy_set_header Upgrade $http_upgrade;
      {headers}
    }}
  }}
}}
"""

SUBJECT_NAMES: Final = "subjectAltName=IP:127.0.0.1"
KEY: Final = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")


@contextmanager
def nginx(folder: Path, listener: socket.socket, behind: str, headers: str) -> Iterator[None]:
    """Runs nginx on a socket that listens already; `headers` are lines of its configuration."""
    host, port = listener.getsockname()
    text = NGINX.format(folder=folder, address=f"{host}:{port}", behind=behind, headers=headers)
    (folder / "nginx.conf").write_text(text, "utf-8")
    with _process(
        [
            "nginx",
            "-p",
            str(folder),
            "-c",
            str(folder / "nginx.conf"),
            "-e",
            str(folder / "errors"),
        ],
        listener,
        {"NGINX": f"{listener.fileno()};"},
    ):
        yield


@contextmanager
def tls(folder: Path, listener: socket.socket, port: int) -> Iterator[None]:
    """Runs an end of TLS, whose certificate is in `folder`, in front of a port of loopback."""
    words = [str(folder / "cert.pem"), str(folder / "key.pem"), str(listener.fileno()), str(port)]
    with _process([sys.executable, __file__, *words], listener, {}):
        yield


@contextmanager
def _process(
    words: list[str], listener: socket.socket, environment: dict[str, str]
) -> Iterator[None]:
    process = subprocess.Popen(
        words, pass_fds=[listener.fileno()], env={**os.environ, **environment}
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def certify(folder: Path) -> Path:
    """Makes a CA and a certificate for 127.0.0.1 in a folder; the path of the CA's."""
    (folder / "names").write_text(SUBJECT_NAMES, "utf-8")
    for words in (
        ("req", "-x509", *KEY, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=a CA"),
        ("req", *KEY[:-2], "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=a server"),
        ("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2",
         "-out", "cert.pem", "-extfile", "names", "-CAcreateserial"),
    ):  # fmt: skip
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    return folder / "ca.pem"


async def _relay(certificate: str, key: str, descriptor: int, port: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    tasks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, ahead = await asyncio.open_connection("127.0.0.1", port)
        ways = (_pump(reader, ahead), _pump(behind, writer))
        both = [asyncio.create_task(way) for way in ways]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in both:
            task.cancel()
        for end in (ahead, writer):
            end.close()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(talk(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = socket.socket(fileno=descriptor)
    server = await asyncio.start_server(accepted, sock=listener, ssl=context)
    with contextlib.suppress(asyncio.CancelledError):
        await server.serve_forever()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Passes on what comes; the end or a reset of either side ends both."""
    with contextlib.suppress(OSError):
        while (data := await source.read(65536)) and not sink.is_closing():
            sink.write(data)
            await sink.drain()


def main() -> None:
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # which tells of writes after an end
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    certificate, key, descriptor, port = sys.argv[1:]
    asyncio.run(_relay(certificate, key, int(descriptor), int(port)))


if __name__ == "__main__":
    main()
