"""What the proxies stand before: `/raise` hangs up without an answer."""

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STATUS = {"/ok": 200, "/fail": 500, "/slow": 200}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/raise":
            self.close_connection = True
            return
        if self.path == "/slow":
            time.sleep(0.12)
        self.send_response(STATUS.get(self.path, 404))
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Nothing is written."""


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
