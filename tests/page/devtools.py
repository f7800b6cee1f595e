"""devtools.py - Debian's chromium driven over its own pipe: a page is opened, looked at, pointed at, typed into.

    with Browser() as browser:
        page = browser.open(path, width=1280, height=800)
        page.run("document.title")

No port is opened and nothing is fetched: the protocol (https://chromedevtools.github.io/devtools-protocol/) goes through
file descriptors 3 and 4 of the browser, one JSON text after the other, each with a NUL behind it.  A page keeps all
that it said on its console (`said`), all that it asked for (`asked`), and each exception.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

FLAGS = ("--headless", "--no-sandbox", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu", "--disable-extensions",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
         "--force-color-profile=srgb", "--font-render-hinting=none", "about:blank")
KEYS = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Escape": 27, "Enter": 13, "Tab": 9}


class Failed(Exception):
    """The browser, or the page, did not do what was asked of it."""


def chromium():
    return shutil.which("chromium")


class Browser:
    def __init__(self, timeout=60, flags=()):
        self.timeout, self.flags = timeout, flags
        self.number, self.answers, self.pages, self.buffer = 0, {}, {}, b""

    def __enter__(self):
        self.home = tempfile.mkdtemp(prefix="newel-page-")
        to_browser, from_browser = os.pipe(), os.pipe()
        inner = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (to_browser[0], from_browser[1])]

        def place():
            os.dup2(inner[0], 3)
            os.dup2(inner[1], 4)

        with open(os.path.join(self.home, "log"), "wb") as log:
            self.child = subprocess.Popen([chromium(), f"--user-data-dir={self.home}/profile", *self.flags, *FLAGS],
                                          stdin=subprocess.DEVNULL, stdout=log, stderr=log, close_fds=False,
                                          preexec_fn=place, start_new_session=True)  # noqa: PLW1509
        for fd in (*inner, to_browser[0], from_browser[1]):
            os.close(fd)
        self.write, self.read = to_browser[1], from_browser[0]
        return self

    def __exit__(self, *_):
        try:
            self.call("Browser.close", timeout=5)
            self.child.wait(5)
        except (Failed, OSError, subprocess.TimeoutExpired):
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()
        os.close(self.write)
        os.close(self.read)
        shutil.rmtree(self.home, ignore_errors=True)

    # ---- the protocol ----

    def receive(self, end):
        """The next message, which goes to whom it concerns."""
        while b"\0" not in self.buffer:
            if not select.select([self.read], [], [], max(0, end - time.monotonic()))[0]:
                raise Failed("no answer from the browser")
            data = os.read(self.read, 1 << 20)
            if not data:
                raise Failed("the browser ended")
            self.buffer += data
        text, _, self.buffer = self.buffer.partition(b"\0")
        message = json.loads(text)
        if "id" in message:
            self.answers[message["id"]] = message
        elif message.get("sessionId") in self.pages:
            self.pages[message["sessionId"]].event(message["method"], message["params"])

    def call(self, method, session=None, timeout=None, **params):
        self.number += 1
        number = self.number
        message = {"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.write, data):]
        end = time.monotonic() + (timeout or self.timeout)
        while number not in self.answers:
            self.receive(end)
        answer = self.answers.pop(number)
        if "error" in answer:
            raise Failed(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def open(self, path, width=1280, height=800, dark=False, scale=1, still=True):
        """The page in this file, when all of it was read.  still: the reader wants no motion."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session, target)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(domain + ".enable")
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False)
        page.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"}])
        page.call("Page.navigate", url="file://" + os.path.abspath(path))
        page.until(lambda: page.loaded)
        return page


class Page:
    def __init__(self, browser, session, target):
        self.browser, self.session, self.target = browser, session, target
        self.said, self.asked, self.loaded = [], [], False

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def event(self, method, params):
        if method == "Runtime.consoleAPICalled":
            self.said.append((params["type"], " ".join(str(a.get("value", a.get("description"))) for a in params["args"])))
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.said.append(("exception", details.get("exception", {}).get("description", details["text"])))
        elif method == "Log.entryAdded":
            self.said.append((params["entry"]["level"], params["entry"]["text"]))
        elif method == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])
        elif method == "Page.loadEventFired":
            self.loaded = True

    def until(self, done, timeout=None):
        """Take messages until done() is true."""
        end = time.monotonic() + (timeout or self.browser.timeout)
        while not done():
            self.browser.receive(end)

    def run(self, expression):
        """The value of this JavaScript, of its promise if it is one."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise Failed(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def wait(self, expression, timeout=10):
        """Until this JavaScript is true; its value."""
        end = time.monotonic() + timeout
        while not (value := self.run(expression)):
            if time.monotonic() > end:
                raise Failed(f"not within {timeout} s: {expression}")
            time.sleep(0.02)
        return value

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x, y):
        self.mouse("mouseMoved", x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", clickCount=1)

    def drag(self, x0, y0, x1, y1, modifiers=0):
        self.mouse("mousePressed", x0, y0, button="left", clickCount=1, modifiers=modifiers)
        for k in range(1, 6):
            self.mouse("mouseMoved", x0 + (x1 - x0) * k / 5, y0 + (y1 - y0) * k / 5, button="left", buttons=1, modifiers=modifiers)
        self.mouse("mouseReleased", x1, y1, button="left", clickCount=1, modifiers=modifiers)

    def key(self, key, modifiers=0):
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        code = {"windowsVirtualKeyCode": KEYS[key]} if key in KEYS else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, modifiers=modifiers, **text, **code)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, modifiers=modifiers, **code)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def picture(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
