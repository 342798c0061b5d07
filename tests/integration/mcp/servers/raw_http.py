"""The raw server over streamable HTTP on loopback: its address is the first line, it ends with standard input."""

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from raw import Server

TOKEN = os.environ["RAW_TOKEN"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_of_tools: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault, tools_server = self.server_of_tools.fault, self.server_of_tools
        token = self.headers.get("Authorization")
        if fault not in ("no_auth", "any_token") and TOKEN and token != f"Bearer {TOKEN}":
            return self.answered(401, b"")
        if fault == "any_token" and not token:
            return self.answered(401, b"")
        if not self.local_page():
            return self.answered(403, b"")
        if fault == "no_protocol":
            return self.answered(200, b"<html>Welcome</html>", "text/html")
        if fault == "server_error":
            return self.answered(500, b"oops")
        if fault == "redirect":
            return self.answered(307, b"", location="https://elsewhere.example/mcp?secret=1")
        if fault == "endless_head":
            return self.endless_head()
        answer = tools_server.answer(json.loads(body))
        if answer is None:
            return self.answered(202, b"")
        if fault == "sse_left_open":
            return self.left_open(answer)
        if fault == "sse":
            event = b"event: message\ndata: " + json.dumps(answer).encode() + b"\n\n"
            return self.answered(200, b": hello\n\n" + event, "text/event-stream")
        return self.answered(200, json.dumps(answer).encode(), "application/json")

    def local_page(self) -> bool:
        origin, host = self.headers.get("Origin"), self.headers.get("Host", "")
        if self.server_of_tools.fault == "any_origin" or origin is None:
            return True
        if self.server_of_tools.fault == "same_origin_only":  # fooled by a name that was rebound
            return origin == f"http://{host}"
        return origin.startswith("http://127.0.0.1:")

    def endless_head(self) -> None:
        self.close_connection = True
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        try:
            while True:
                self.wfile.write(b"X-More: 1\r\n")
                time.sleep(0.05)
        except OSError:  # the caller has gone
            return

    def left_open(self, answer: dict) -> None:
        """The answer as an event of a stream that goes on, of a connection that ends with it."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"data: " + json.dumps(answer).encode() + b"\n\n")
        self.wfile.flush()
        time.sleep(1)

    def answered(self, status: int, body: bytes, kind: str = "text/plain", location: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.answered(405, b"")

    def log_message(self, *_: object) -> None:
        pass


def http(server: Server) -> None:
    Handler.server_of_tools = server
    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{web.server_address[1]}/mcp", flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    web.serve_forever()


if __name__ == "__main__":
    http(Server(sys.argv[-1].removeprefix("--fault=")))
