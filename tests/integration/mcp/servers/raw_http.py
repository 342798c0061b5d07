"""The raw server over streamable HTTP on loopback: its address is the first line, it ends with standard input."""

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from raw import Server

TOKEN = os.environ["RAW_TOKEN"]
KEEPS = ("asks_apart", "sessions")
SESSIONS: list[str] = []
ENDED: set[str] = set()
PING = {"jsonrpc": "2.0", "id": "asked", "method": "ping"}
TO_ASK, ANSWERED = threading.Event(), threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_of_tools: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault, tools_server = self.server_of_tools.fault, self.server_of_tools
        token = self.headers.get("Authorization")
        if fault == "to_login" and not token:
            return self.answered(302, b"", more={"Location": "https://login.example/?next=1"})
        if fault == "login_page" and not token:
            return self.answered(200, b"<html>Log in</html>", "text/html")
        if fault not in ("no_auth", "any_token") and TOKEN and token != f"Bearer {TOKEN}":
            return self.answered(401, b"")
        if fault == "any_token" and not token:
            return self.answered(401, b"")
        if not self.local_page() and fault == "origin_error":
            refused = {
                "jsonrpc": "2.0",
                "id": json.loads(body)["id"],
                "error": {"code": -32000, "message": "Forbidden"},
            }
            return self.answered(200, json.dumps(refused).encode(), "application/json")
        if not self.local_page():
            return self.answered(403, b"")
        if fault == "no_protocol":
            return self.answered(200, b"<html>Welcome</html>", "text/html")
        if fault == "server_error":
            return self.answered(500, b"oops")
        if fault == "redirect":
            return self.answered(307, b"", more={"Location": "https://elsewhere.example/mcp?secret=1"})
        if fault == "endless_head":
            return self.endless_head()
        message = json.loads(body)
        if fault.startswith("asks") and message.get("method") == "tools/call":
            return self.asking(message)
        if message.get("id") == "asked" and "result" in message:
            ANSWERED.set()
            return self.answered(202, b"")
        answer = tools_server.answer(message)
        if answer is None:
            return self.answered(202, b"")
        if fault == "sse_left_open":
            return self.left_open(answer)
        if fault.startswith("cut") and message["method"] == "tools/call":
            return self.cut(json.dumps(answer).encode())
        if fault == "sse":
            event = b"event: message\ndata: " + json.dumps(answer).encode() + b"\n\n"
            return self.answered(200, b": hello\n\n" + event, "text/event-stream")
        named = {}
        if message["method"] == "initialize" and fault in KEEPS:
            named = {"Mcp-Session-Id": str(len(SESSIONS))}
            SESSIONS.append(named["Mcp-Session-Id"])
        return self.answered(200, json.dumps(answer).encode(), "application/json", named)

    def asking(self, message: dict) -> None:
        """The answer to the call as an event, once the client has answered a ping: on this stream, or the other one."""
        ANSWERED.clear()
        self.streamed()
        if self.server_of_tools.fault == "asks":
            self.event(PING)
        else:
            TO_ASK.set()
        if ANSWERED.wait(5):
            self.event(self.server_of_tools.answer(message))

    def streamed(self) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()

    def event(self, message: dict) -> None:
        self.wfile.write(b"data: " + json.dumps(message).encode() + b"\n\n")
        self.wfile.flush()

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
        self.streamed()
        self.event(answer)
        time.sleep(1)

    def cut(self, body: bytes) -> None:
        """Less than was announced, of the body or of a piece of it."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        if self.server_of_tools.fault == "cut_piece":
            self.send_header("Transfer-Encoding", "chunked")
            body = b"%x\r\n" % len(body) + body
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:20])

    def answered(self, status: int, body: bytes, kind: str = "text/plain", more: dict | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        if self.server_of_tools.fault == "asks_apart":
            self.streamed()
            while TO_ASK.wait():
                TO_ASK.clear()
                self.event(PING)
        ended = bool(SESSIONS) and set(SESSIONS) == ENDED
        self.answered(200 if ended else 405, b"")

    def do_DELETE(self) -> None:
        ENDED.add(self.headers["Mcp-Session-Id"])
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
