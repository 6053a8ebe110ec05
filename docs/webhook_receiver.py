"""A receiver of Hexiao's webhooks whose books hold each event once, also where it is killed at any moment.

    HEXIAO_SECRET=whsec_… python webhook_receiver.py 8700 books.db

Python's own library is all it needs. A proxy that ends TLS stands before it.
"""

import base64
import hashlib
import hmac
import json
import os
import sqlite3
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FRESH_S = 300
LARGEST = 64 << 10


def signed(key: bytes, event: str, timestamp: str, body: bytes, signatures: str) -> bool:
    """Whether one of the signatures is this key's, and not an old one that somebody sends again."""
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > FRESH_S:
        return False
    expected = base64.b64encode(hmac.digest(key, f"{event}.{timestamp}.".encode() + body, hashlib.sha256)).decode()
    # During a rotation there are two, one of them made with the old secret.
    return any(hmac.compare_digest(one, f"v1,{expected}") for one in signatures.split())


def book(file: str, event: str, body: bytes) -> None:
    """Take an event into the books; one that is there already changes nothing."""
    told = json.loads(body)
    books = sqlite3.connect(file, timeout=30)
    try:
        with books:  # one transaction: the event is known if and only if it is booked
            books.execute("PRAGMA synchronous=FULL")
            books.execute("CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, type TEXT, at TEXT, body TEXT)")
            row = (event, told["type"], told["timestamp"], body.decode())
            books.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?)", row)
    finally:
        books.close()


def receiver(port: int, file: str, secret: str) -> ThreadingHTTPServer:
    """Return a server on the loopback address."""
    key = base64.b64decode(secret.removeprefix("whsec_"))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("content-length", 0)), LARGEST))
            event, timestamp, signatures = (
                self.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")
            )
            if not signed(key, event, timestamp, body, signatures):
                self.answer(401)
                return
            book(file, event, body)  # where this fails there is no answer, and the event comes again
            self.answer(204)  # only now: what was answered is not told again

        def answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


if __name__ == "__main__":
    receiver(int(sys.argv[1]), sys.argv[2], os.environ["HEXIAO_SECRET"]).serve_forever()
