"""A service over real HTTP that says what a test wants it to say; the real ones are tried in test_real_services."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

TOKEN = "a-token"


class Service:
    """An HTTP service that answers from ``answers`` and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, object]] = {}
        """By ``METHOD /path``: status and JSON body, or the text of a body."""
        self.asked: list[tuple[str, object]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self._answer(*service.answer(self.command, self.path, self.headers.get("Authorization", ""), body))

            do_GET = do_PUT = do_POST = _serve  # noqa: N815 - http.server's names

            def _answer(self, status: int, body: object) -> None:
                content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                if status // 100 == 3:
                    self.send_header("Location", "http://127.0.0.1:9/")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, method: str, path: str, authorization: str, body: bytes) -> tuple[int, object]:
        if authorization != f"Bearer {TOKEN}":
            return 401, {"error": "sign in"}
        call = f"{method} {path}"
        self.asked.append((call, json.loads(body) if body else None))
        return self.answers.get(call, (404, {"error": "nothing here"}))

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
