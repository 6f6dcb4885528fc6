"""Hugging Face as an http.server: the API's list of files, files behind a redirect to another host, ranges; and other sites' files."""

import hashlib
import http.server
import json
import ssl
import threading

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def digest(content):
    return hashlib.sha256(content).hexdigest()


class Site:
    """A server on a port of its own, until `close`. `answer(handler)` sends everything."""

    def __init__(self, answer, certificate=None):
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                site.requests.append((self.path, dict(self.headers)))
                try:
                    answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # the client went away, as it should in some tests

            def log_message(self, *arguments):
                pass

        self.requests = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificate:  # a PEM file with key and certificate
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def send(handler, status, body=b"", headers=()):
    handler.send_response(status)
    for name, value in headers:
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def send_content(handler, content, pace=None):
    """A file with ETag and ranges; `pace(sent)` is called between the blocks and may wait."""
    first, tag = 0, f'"{digest(content)}"'
    wanted = handler.headers.get("Range", "")
    if wanted.startswith("bytes=") and handler.headers.get("If-Range", tag) == tag:
        first = int(wanted[6:].rstrip("-"))
    handler.send_response(206 if first else 200)
    handler.send_header("ETag", tag)
    if first:
        handler.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
    handler.send_header("Content-Length", str(len(content) - first))
    handler.end_headers()
    for at in range(first, len(content), 1 << 16):
        if pace:
            pace(at)
        handler.wfile.write(content[at:at + (1 << 16)])


class Hub:
    """Repositories {"models/owner/name": {file: content}}; large files lie on a second host, as on the real one."""

    def __init__(self, repositories, gated=(), pace=None):
        self.repositories, self.gated, self.pace, self.claimed = repositories, gated, pace, {}
        self.cdn = Site(self.answer_cdn)
        self.site = Site(self.answer)
        self.url = self.site.url

    def close(self):
        self.site.close()
        self.cdn.close()

    def answer(self, handler):
        path = handler.path.split("?")[0]
        for repository, files in self.repositories.items():
            page = repository.removeprefix("models/")
            allowed = repository not in self.gated or handler.headers.get("Authorization") == "Bearer hf_right"
            if path == f"/api/{repository}/revision/main":
                return send(handler, 200, self.listing(files)) if allowed else send(handler, 401, b"{}")
            if path.startswith(f"/{page}/resolve/{COMMIT}/"):
                name = path.split("/", 5)[5] if repository.startswith("models/") else path.split("/", 6)[6]
                if name in files and len(files[name]) > 1000:
                    return send(handler, 302, headers=[("Location", f"{self.cdn.url}/{repository}/{name}?signed=1")])
                if name in files:
                    return send_content(handler, files[name])
        return send(handler, 404, b'{"error": "Repository not found"}')

    def answer_cdn(self, handler):
        repository, _, name = handler.path.split("?")[0][1:].rpartition("/")
        send_content(handler, self.repositories[repository][name], self.pace)

    def listing(self, files):
        siblings = []
        for name, content in files.items():
            sibling = {"rfilename": name, "size": len(content)}
            if len(content) > 1000:
                sibling["lfs"] = {"sha256": self.claimed.get(name, digest(content)), "size": len(content)}
            siblings.append(sibling)
        return json.dumps({"sha": COMMIT, "tags": ["license:apache-2.0"], "siblings": siblings}).encode()
