"""A provider of single sign-on that lies in the way a test asks for: real HTTP, real signatures, wrong contents."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwk, jwt

CLIENT = "ses"


class Forger:
    """What it answers is made of its attributes, which a test changes."""

    def __init__(self) -> None:
        self.key = jwk.RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
        self.published: list[Any] = [self.key]
        self.claims: dict[str, Any] = {}
        self.id_token: str | None = None
        self.leave_out_id_token = False
        self.calls_itself = ""
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"

    def good_claims(self, **changed: Any) -> dict[str, Any]:
        now = int(time.time())
        made = {"iss": self.issuer, "aud": CLIENT, "sub": "u-1", "iat": now, "exp": now + 300, "nonce": "the nonce"}
        return {name: value for name, value in {**made, **changed}.items() if value is not None}

    def sign(self, claims: dict[str, Any], key: Any = None, algorithm: str = "RS256") -> str:
        used = key or self.key
        return jwt.encode({"alg": algorithm, "kid": used.kid}, claims, used, algorithms=[algorithm])

    def answer(self, path: str) -> Any:
        self.asked.append(path)
        instead = next((found for start, found in self.answers.items() if path.startswith(start)), self)
        return self._usual_answer(path) if instead is self else instead

    def _usual_answer(self, path: str) -> dict[str, Any]:
        if path.startswith("/.well-known"):
            places = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/jwks"}
            return {
                "issuer": self.calls_itself or self.issuer,
                **{name: self.issuer + at for name, at in places.items()},
            }
        if path == "/jwks":
            return {"keys": [key.as_dict(private=False) for key in self.published]}
        token = self.id_token or self.sign(self.claims or self.good_claims())
        answer = {"access_token": "a", "token_type": "Bearer", "expires_in": 60}
        return answer if self.leave_out_id_token else {**answer, "id_token": token}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        forger = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = forger.answer(self.path)
                body = found if isinstance(found, bytes) else json.dumps(found).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self.do_GET()

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        return Handler

    @contextmanager
    def serving(self) -> Iterator["Forger"]:
        """Answers while the block lasts."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
