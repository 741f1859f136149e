"""A server that speaks the API over real HTTP on loopback, and fails as servers do.

Its answers come from a scripted policy that reads the prompt as a model would, so that episodes
really play. What it did is counted, so that tests can hold records against it.
"""

import asyncio
import json
import random
import re
import threading
from collections import Counter
from dataclasses import dataclass, field

LINE = re.compile(r"^- ([\d, ]+): (complete|you lack .*)$", re.M)
LACK = re.compile(r"(\d+) \(held by (\d+)")
ASKED = re.compile(r"^Requested of you and not sent: (.*)$", re.M)
ERRORS = {  # status and message
    "429": (429, "slow down"),
    "500": (500, "try later"),
    "echo": (500, "headers were {headers}"),
    "401": (401, "bad key, got {headers}"),
    "400": (400, "response_format is not supported"),
}
REQUEST = re.compile(r"agent (\d+) asks for ([\d, ]+)")


def numbers(text):
    return [int(number) for number in re.findall(r"\d+", text)]


def action(kind, to=-1, pieces=(), text=""):
    return {"kind": kind, "to": to, "pieces": list(pieces), "values": [], "text": text}


def helper(messages):
    """Play the sharing game from its prompt: submit, answer every request, ask the first holder."""
    prompt = "\n".join(message["content"] for message in messages if message["role"] == "user")
    actions = []
    for pieces, state in LINE.findall(prompt):
        if state == "complete":
            actions.append(action("submit", pieces=numbers(pieces)))
        for piece, holder in LACK.findall(state):
            actions.append(action("message", int(holder), [int(piece)], f"Please send {piece}."))
    for line in ASKED.findall(prompt):
        for asker, pieces in REQUEST.findall(line):
            actions.append(action("send", int(asker), numbers(pieces)))
    return json.dumps({"thoughts": "I answer and ask.", "actions": actions})


@dataclass
class Behaviour:
    """How a server behaves; may be changed while it runs.

    Attributes:
        faults: chance of each kind of fault: ``429``, ``500``, ``drop``, ``stall``, ``cut`` (body
            shorter than announced), ``garbage`` (body that is not JSON), ``echo`` (500 that repeats
            the headers), or of a bad answer: ``prose``, ``schema`` (does not fit), ``refusal``,
            ``empty``, ``length`` (cut off at a limit), ``think`` and ``fence`` (good, but wrapped).
        forms: kinds of response format that it takes; others are refused with 400.
        latency: seconds, of a random number generator.
        retry_after: what it asks for with a 429.
        policy: answer to messages. key: the key that it asks for, "" for none.
        most: more requests at once than these meet a 429.
    """

    faults: dict = field(default_factory=dict)
    forms: tuple = ("json_schema", "json_object", "text")
    latency: object = lambda rng: 0.0
    retry_after: str = "0.01"
    policy: object = helper
    key: str = ""
    most: int = 10_000


class FaultServer:
    """Serves in a thread of its own, from ``start`` (or ``with``) to ``stop``.

    Attributes:
        behaviour: see there. done: counts of what it did, ``good`` and by fault.
        requests: bodies of all requests, in order. busiest: most requests at once.
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
        self.thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self.thread.start()
        ready.wait()

    def stop(self):
        self.loop.call_soon_threadsafe(self.stopped.set)
        self.thread.join()

    def _run(self, ready):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.serve(ready))

    async def serve(self, ready=None):
        self.stopped, self.tasks = asyncio.Event(), set()
        server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        if ready:
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
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        headers = {name.lower(): value for name, value in headers.items()}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        self.at_once += 1
        self.busiest = max(self.busiest, self.at_once)
        try:
            return await self._answer(writer, headers, body)
        finally:
            self.at_once -= 1

    async def _answer(self, writer, headers, body):
        kind = self._kind(headers, body)
        self.done[kind] += 1
        if self.keep:
            self.requests.append(body)
        if kind != "429":
            await asyncio.sleep(self.behaviour.latency(self.rng))
        if kind == "stall":
            await asyncio.sleep(3600)
        if kind == "drop":
            writer.transport.abort()
            return False
        if kind == "cut":
            writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"choices": [')
            await writer.drain()
            return False
        if kind == "garbage":
            await self._send(writer, 200, "<html>proxy error</html>")
        elif kind in ERRORS:
            wait = self.behaviour.retry_after if kind == "429" else ""
            status, text = ERRORS[kind]
            await self._send(writer, status, error(text.format(headers=headers)), wait)
        else:
            await self._send(writer, 200, self._completion(kind, body))
        return True

    def _kind(self, headers, body):
        """Return what happens to a request."""
        b = self.behaviour
        if b.key and headers.get("authorization") != f"Bearer {b.key}":
            return "401"
        if body.get("response_format", {}).get("type", "text") not in b.forms:
            return "400"
        if self.at_once > b.most:
            return "429"
        draw = self.rng.random()
        for kind, chance in b.faults.items():
            draw -= chance
            if draw < 0.0:
                return kind
        return "good"

    def _completion(self, kind, body):
        answer = self.behaviour.policy(body["messages"])
        content, refusal, finish = answer, None, "stop"
        match kind:
            case "prose":
                content = "I would rather not use JSON."
            case "schema":
                content = json.dumps({"thoughts": 7, "moves": []})
            case "refusal":
                content, refusal = None, "I cannot take part in this."
            case "empty":
                content = ""
            case "length":
                content, finish = answer[: len(answer) // 2], "length"
            case "think":
                content = f"<think>What {{should}} I do?</think>\n{answer}"
            case "fence":
                content = f"Here it is:\n```json\n{answer}\n```\nGood luck!"
        message = {"role": "assistant", "content": content, "refusal": refusal}
        letters = sum(len(message["content"]) for message in body["messages"])
        usage = {
            "prompt_tokens": letters // 4,
            "completion_tokens": len(content or "") // 4,
            "prompt_tokens_details": {"cached_tokens": letters // 8},
        }
        choice = {"index": 0, "finish_reason": finish, "message": message}
        return json.dumps({"model": body["model"], "choices": [choice], "usage": usage})

    async def _send(self, writer, status, text, retry_after=""):
        body = text.encode()
        head = f"HTTP/1.1 {status} S\r\nContent-Type: application/json\r\n"
        head += f"Retry-After: {retry_after}\r\n" if retry_after else ""
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()


def error(message):
    return json.dumps({"error": {"message": message, "type": "server_error"}})
