"""A page in headless Chromium, driven through its DevTools protocol."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from choreographer import Browser

_ENABLED = ("Page", "Runtime", "Log", "Network", "Security")


class Chromium:
    """One browser with one open page, and everything that the page complained of or asked for.

    Attributes:
        complaints: console errors, uncaught exceptions, and log entries of the page.
        requests: addresses that the page asked for, its own included.
    """

    def __init__(self, downloads: Path) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._run(self._start(downloads))

    def close(self) -> None:
        """End the browser."""
        self._run(self._browser.close())
        self._loop.close()

    def open(self, path: Path, *, width: int = 1280, height: int = 900) -> None:
        """Load a file in a viewport of this size and wait until it says that it is drawn."""
        self.resize(width, height)
        self.visit(path.resolve().as_uri())

    def visit(self, address: str) -> None:
        """Load a page and wait until it says that it is drawn."""
        self.complaints.clear()
        self.requests.clear()
        self._send("Page.navigate", url=address)
        self.wait("document.documentElement?.dataset.ready === 'true'")

    def resize(self, width: int, height: int = 900) -> None:
        """Set the viewport, in CSS pixels; narrow ones are phones."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._send("Emulation.setDeviceMetricsOverride", **size)

    def media(self, kind: str = "", **features: str) -> None:
        """Emulate a medium (``print``) and preferences (``prefers_color_scheme="dark"``)."""
        wanted = [{"name": n.replace("_", "-"), "value": v} for n, v in features.items()]
        self._send("Emulation.setEmulatedMedia", media=kind, features=wanted)

    def js(self, expression: str) -> Any:
        """Evaluate an expression in the page and return its value; an exception in it is raised."""
        answer = self._send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    def wait(self, condition: str, seconds: float = 240.0) -> None:
        """Wait until an expression is true."""
        for _ in range(int(seconds / 0.05)):
            if self.js(f"Boolean({condition})"):
                return
            self._run(asyncio.sleep(0.05))
        raise AssertionError(f"after {seconds} s still not true: {condition}; {self.complaints}")

    def press(self, key: str) -> None:
        """Press a named key (``Tab``, ``Enter``, ``Escape``)."""
        text = {"Enter": "\r"}.get(key, "")
        codes = {"Tab": 9, "Enter": 13, "Escape": 27}
        common = {"key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
        self._send("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self._send("Input.dispatchKeyEvent", type="keyUp", **common)

    def click(self, x: float, y: float) -> None:
        """Move the mouse to a place of the viewport and click."""
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            button = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
            self._send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **button)
            self._run(asyncio.sleep(0.1))

    async def _start(self, downloads: Path) -> None:
        self._browser = await Browser(headless=True, enable_sandbox=False)
        self._tab = await self._browser.create_tab("about:blank")
        for name in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self._tab.subscribe(name, self._complain)
        self._tab.subscribe("Network.requestWillBeSent", self._note_request)
        for domain in _ENABLED:
            await self._tab.send_command(f"{domain}.enable")
        allowed = {"behavior": "allow", "downloadPath": str(downloads)}
        await self._tab.send_command("Browser.setDownloadBehavior", allowed)

    async def _complain(self, event: Any) -> None:
        said = event["params"]
        if event["method"] != "Runtime.consoleAPICalled" or said["type"] in ("error", "warning"):
            self.complaints.append(json.dumps(said)[:1000])

    async def _note_request(self, event: Any) -> None:
        self.requests.append(event["params"]["request"]["url"])

    def _send(self, command: str, **params: Any) -> dict[str, Any]:
        answer = self._run(self._tab.send_command(command, params))
        if "error" in answer:
            raise AssertionError(f"{command}: {answer['error']}")
        return dict(answer["result"])

    def _run(self, work: Any) -> Any:
        return self._loop.run_until_complete(work)
