"""A gateway for the plain contract on one page, with nothing but the standard library.

    SECRET=… DOORS=http://127.0.0.1:8000/api/v1/gateways/sms-main python plain_gateway.py

Put your SMS or telephone system where ``hand_over`` stands.
"""

# ruff: noqa: INP001, S310, TID251 - it runs alone, on its own machine and by its own clock

import hashlib
import hmac
import json
import os
import re
import threading
import time
import urllib.request
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ.get("SECRET", "").encode()
DOORS = os.environ.get("DOORS", "")
TAKEN: dict[
    str, str
] = {}  # Idempotency-Key → our id; keep it in a database: a key may come again after a day
LOCK = threading.Lock()


def mac(t: str, body: bytes) -> str:
    """The ``v1`` of a signature: HMAC-SHA256 of ``t.body``."""
    return hmac.new(SECRET, t.encode() + b"." + body, hashlib.sha256).hexdigest()


def post(door: str, row: dict[str, str]) -> None:
    """Tell of a receipt or a reply, signed the same way; a real gateway tries again until it gets 200."""
    body = json.dumps(row).encode()
    t = str(int(time.time()))
    headers = {"content-type": "application/json", "jiaoying-signature": f"t={t},v1={mac(t, body)}"}
    urllib.request.urlopen(urllib.request.Request(f"{DOORS}/{door}", body, headers), timeout=10).close()


def hand_over(message: dict[str, str], message_id: str) -> None:
    """Here it would be sent; this example says at once that it arrived and that 1 was pressed."""
    told = {"id": message_id, "key": message["key"], "at": datetime.now(UTC).isoformat()}
    post("receipts", told | {"state": "delivered", "event_id": f"{message_id}-delivered"})
    post("replies", told | {"from": message["to"], "digit": "1", "event_id": f"{message_id}-1"})


class Gateway(BaseHTTPRequestHandler):
    """``POST /``: check the signature over the raw bytes, take each key once, answer fast, work later."""

    def do_POST(self) -> None:
        """Take one message."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        found = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", self.headers.get("jiaoying-signature", ""))
        fresh = found is not None and abs(time.time() - int(found[1])) <= 300
        if found is None or not fresh or not hmac.compare_digest(mac(found[1], body), found[2]):
            return self.reply(401, {"ok": False, "code": "bad-signature"})
        message = json.loads(body)
        with LOCK:
            known = TAKEN.get(message["key"])
            message_id = TAKEN.setdefault(message["key"], f"g-{len(TAKEN) + 1}")
        if known is None:
            threading.Thread(target=hand_over, args=(message, message_id), daemon=True).start()
        return self.reply(200, {"ok": True, "id": message_id})

    def reply(self, status: int, answer: dict[str, object]) -> None:
        """Answer with JSON."""
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: a request line is no place for numbers."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9001"))), Gateway).serve_forever()
