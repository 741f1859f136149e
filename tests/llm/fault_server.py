"""A server that speaks the API over real HTTP on loopback, and fails as servers do.

Its answers come from a policy that reads the prompt as a model would, so that episodes really play.
It counts what it does, so that tests can hold records against that.
"""

import asyncio
import json
import random
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

FAULT_KINDS = {  # what each fault of the server is to the client
    "429": "rate_limit",
    "500": "server",
    "echo": "server",  # a 500 that repeats the request's headers
    "drop": "connection",
    "cut": "connection",  # a body shorter than announced
    "garbage": "garbled",  # a body that is not JSON
    "stall": "timeout",
}
AZURE_PATH = "/openai/deployments/m/chat/completions?api-version=2024-10-21"
PATHS = ("/v1/chat/completions", AZURE_PATH.partition("?")[0])
ERRORS = {  # faults that are HTTP errors: status and message
    "429": (429, "slow down"),
    "500": (500, "try later"),
    "echo": (500, "headers were {headers}"),
    "404": (404, "no such path"),
    "401": (401, "bad key, got {headers}"),
    "400": (400, "response_format is not supported"),
    "opaque": (400, "Bad request"),
    "503": (503, "loading model"),
    "filter": (400, "Invalid prompt: it was flagged as potentially violating our usage policy."),
    "quota": (429, "You exceeded your current quota, please check your plan."),
    "redirect": (307, "moved"),
}
CODES = {"filter": "invalid_prompt", "quota": "insufficient_quota"}  # of errors
ANSWERS = {  # what becomes of a good answer: content, refusal, reason to finish
    "good": lambda answer: (answer, None, "stop"),
    "think": lambda answer: (f"<think>What {{should}} I do?</think>\n{answer}", None, "stop"),
    "fence": lambda answer: (f"Here it is:\n```json\n{answer}\n```\nGood luck!", None, "stop"),
    "prose": lambda answer: ("I would rather not use JSON.", None, "stop"),
    "schema": lambda answer: (json.dumps({"thoughts": 7, "moves": []}), None, "stop"),
    "refusal": lambda answer: (None, "I cannot take part in this.", "stop"),
    "empty": lambda answer: ("", None, "stop"),
    "upstream": lambda answer: (answer[: len(answer) // 2], None, "error"),
    "cut_reasoning": lambda answer: ("", None, "length"),
    "length": lambda answer: (answer[: len(answer) // 2], None, "length"),
}
INVALID = ("prose", "schema", "refusal", "empty", "length")  # answers that are not valid


def helper(messages):
    """Play the sharing game from its prompt: submit, answer every request, ask the first holder."""
    prompt = "\n".join(message["content"] for message in messages if message["role"] == "user")
    actions = []
    for pieces, state in re.findall(r"^- ([\d, ]+): (complete|you lack .*)$", prompt, re.M):
        if state == "complete":
            actions.append(_action("submit", pieces=_numbers(pieces)))
        for piece, holder in re.findall(r"(\d+) \(held by (\d+)", state):
            actions.append(_action("message", int(holder), [int(piece)], f"Please send {piece}."))
    for line in re.findall(r"^Requested of you and not sent: (.*)$", prompt, re.M):
        for asker, pieces in re.findall(r"agent (\d+) asks for ([\d, ]+)", line):
            actions.append(_action("send", int(asker), _numbers(pieces)))
    return json.dumps({"thoughts": "I answer and ask.", "actions": actions})


def _numbers(text):
    return [int(number) for number in re.findall(r"\d+", text)]


def _action(kind, to=-1, pieces=(), text=""):
    return {"kind": kind, "to": to, "pieces": list(pieces), "values": [], "text": text}


@dataclass
class Behaviour:
    """How a server behaves; may be changed while it runs.

    Attributes:
        faults: chance of each kind of FAULT_KINDS and ANSWERS; it is "good" otherwise.
        forms: response formats that it takes; others meet a 400.
        latency: seconds, of a random number generator.
        retry_after: wait that it asks for with a 429.
        location: where it redirects to.
        script: what it does with the first requests, one after the other, before all else.
        policy: answer to messages.
        usage: counts of tokens in place of the right ones.
        tier: of service that it says it gave.
        key: the key that it asks for, "" for none.
        most: more requests at once than these meet a 429.
    """

    faults: dict[str, float] = field(default_factory=dict)
    forms: tuple[str, ...] = ("json_schema", "json_object", "text")
    latency: Callable[[random.Random], float] = lambda rng: 0.0
    retry_after: str = "0.01"
    location: str = ""
    script: list[str] = field(default_factory=list)
    policy: Callable[[list[dict[str, str]]], str] = helper
    usage: dict[str, object] = field(default_factory=dict)
    tier: str | None = None
    key: str = ""
    most: int = 10_000


class FaultServer:
    """Serves in a thread of its own, from ``start`` (or ``with``) to ``stop``.

    Attributes:
        behaviour: how it behaves.
        done: number of requests by what it did, "good", a fault or an HTTP status.
        requests: bodies of all requests, in order, if they are kept.
        busiest: most requests at once.
    """

    def __init__(self, behaviour=None, seed=0, port=0, keep=True):
        self.behaviour, self.port, self.keep = behaviour or Behaviour(), port, keep
        self.rng = random.Random(seed)
        self.done, self.requests, self.at_once, self.busiest = Counter(), [], 0, 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        self.loop, ready = asyncio.new_event_loop(), threading.Event()
        work = self._serve(ready)
        self.thread = threading.Thread(
            target=lambda: self.loop.run_until_complete(work), daemon=True
        )
        self.thread.start()
        ready.wait()

    def stop(self):
        self.loop.call_soon_threadsafe(self.stopped.set)
        self.thread.join()

    async def _serve(self, ready):
        self.stopped, self.tasks = asyncio.Event(), set()
        server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self.stopped.wait()
        server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _connected(self, reader, writer):
        task = asyncio.current_task()
        self.tasks.add(task)
        try:
            while await self._request(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.tasks.discard(task)
            writer.close()

    async def _request(self, reader, writer):
        """Serve one request; return whether the connection goes on."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split()[1]
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        headers = {name.lower(): value for name, value in headers.items()}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        self.at_once += 1
        self.busiest = max(self.busiest, self.at_once)
        try:
            return await self._respond(writer, {"path": path, **headers}, body)
        finally:
            self.at_once -= 1

    async def _respond(self, writer, headers, body):
        kind = self._kind(headers, body)
        self.done[kind] += 1
        if self.keep:
            self.requests.append(body)
        if kind != "429":
            await asyncio.sleep(self.behaviour.latency(self.rng))
        match kind:
            case "stall":
                await asyncio.sleep(3600)
            case "drop":
                writer.transport.abort()
            case "cut":
                writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"choices": [')
                await writer.drain()
            case "garbage":
                await self._send(writer, 200, "<html>proxy error</html>")
            case _ if kind in ERRORS:
                status, message = ERRORS[kind]
                error = {"message": message.format(headers=headers), "code": CODES.get(kind)}
                more = {"429": {"Retry-After": self.behaviour.retry_after}}.get(kind, {})
                if kind == "redirect":
                    more = {"Location": self.behaviour.location}
                await self._send(writer, status, json.dumps({"error": error}), more)
            case _:
                await self._send(writer, 200, self._completion(kind, body))
        return kind not in ("drop", "cut")

    def _kind(self, headers, body):
        """Return what happens to a request."""
        if refused := self._refused(headers, body):
            return refused
        if self.at_once > self.behaviour.most:
            return "429"
        if self.behaviour.script:
            return self.behaviour.script.pop(0)
        draw = self.rng.random()
        for kind, chance in self.behaviour.faults.items():
            draw -= chance
            if draw < 0.0:
                return kind
        return "good"

    def _refused(self, headers, body):
        """Return why a request is none that the server takes, "" if it is one."""
        key, azure = self.behaviour.key, headers["path"] == AZURE_PATH
        keys = (headers.get("authorization"), headers.get("api-key"))
        if headers["path"].partition("?")[0] not in PATHS:
            return "404"
        if key and keys != ((None, key) if azure else (f"Bearer {key}", None)):
            return "401"
        form = body.get("response_format", {}).get("type", "text")
        return "" if form in self.behaviour.forms else "400"

    def _completion(self, kind, body):
        content, refusal, finish = ANSWERS[kind](self.behaviour.policy(body["messages"]))
        message = {"role": "assistant", "content": content, "refusal": refusal}
        characters = sum(len(message["content"]) for message in body["messages"])
        usage = {
            "prompt_tokens": characters // 4,
            "completion_tokens": len(content or "") // 4,
            "prompt_tokens_details": {"cached_tokens": characters // 8},
            **self.behaviour.usage,
        }
        choice = {"index": 0, "finish_reason": finish, "message": message}
        whole = {"model": body["model"], "choices": [choice], "usage": usage}
        return json.dumps({**whole, "service_tier": self.behaviour.tier})

    async def _send(self, writer, status, text, more=None):
        body = text.encode()
        head = f"HTTP/1.1 {status} S\r\nContent-Type: application/json\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in (more or {}).items())
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
