"""What the lab costs beside the calls themselves: live episodes against a bare asyncio loop.

Both use the same client against the same server on loopback, 64 conversations at once, one after
the other in one run. The rate is that of the middle of each run, as the server saw it: at the end
fewer conversations are left. Run: ``python benchmarks/live_overhead.py [--rounds 20]``.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the server is that of the tests

from mechlab.games.base import make_game
from mechlab.llm._output import request_body
from mechlab.llm.dialogue import PromptOptions, dialogue_for
from mechlab.llm.estimate import rehearse
from mechlab.llm.session import live_session
from mechlab.llm.settings import Live
from mechlab.mechanism import parse
from mechlab.simulation import simulate
from tests.llm.fault_server import Behaviour, FaultServer, helper

EPISODES = 64
MECHANISM = "sharing_bonus(rate=1000)"
LATENCIES = {  # mean seconds, and spread of the logarithm: 1.0 is a heavy tail
    "0.5 s, heavy tail": (0.5, 1.0),
    "50 ms": (0.05, 0.25),
}


class Timed(FaultServer):
    """Notes when it answered."""

    def __init__(self, latency):
        mean, spread = latency
        shift = -(spread**2) / 2.0  # so that the mean is the mean
        behaviour = Behaviour(latency=lambda rng: mean * rng.lognormvariate(shift, spread))
        super().__init__(behaviour, keep=False)
        self.times = []

    def _completion(self, kind, body):
        self.times.append(time.perf_counter())
        return super()._completion(kind, body)


def serve(latency, pipe):
    server = Timed(latency)
    server.start()
    pipe.send(server.url)
    while pipe.recv() == "times":
        pipe.send(server.times)
        server.times = []


class Server:
    """A server in a process of its own, so that it shares no interpreter with what is measured."""

    def __init__(self, latency):
        self.pipe, other = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("spawn").Process(
            target=serve, args=(latency, other), daemon=True
        )
        self.process.start()
        self.url = self.pipe.recv()

    def rate(self):
        """Return the calls a second from a tenth to eight tenths of all since the last time."""
        self.pipe.send("times")
        times = self.pipe.recv()
        first, last = len(times) // 10, len(times) * 8 // 10
        return (last - first) / (times[last] - times[first])

    def stop(self):
        self.pipe.send("stop")
        self.process.join()


class Recorder:
    """A player that answers as the server would, and keeps what it was told."""

    def __init__(self, game, agent, told):
        self.dialogue = dialogue_for(game, parse(MECHANISM), agent, PromptOptions())
        self.told = told

    def act(self, view):
        messages = self.dialogue.messages(view)
        self.told.append(messages)
        return self.dialogue.actions(self.dialogue.answer.model_validate_json(helper(messages)))


async def bare(url, game, prompts):
    """Call all prompts of an episode in turn, 64 times at once."""
    from openai import AsyncOpenAI

    client = AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
    schema = dialogue_for(game, parse(MECHANISM), 0, PromptOptions()).answer

    async def one():
        for messages in prompts:
            request = request_body("json_schema", schema, messages)
            reply = await client.chat.completions.create(model="bench", **request)
            schema.model_validate_json(reply.choices[0].message.content)

    await asyncio.gather(*(one() for _ in range(EPISODES)))
    await client.close()


def ask_bare(url, game, prompts):
    asyncio.run(bare(url, game, prompts))


def ours(game, seed):
    with live_session(Live(concurrency=EPISODES), "sqlite:///calls.db"):
        simulate(game, "llm:bench", MECHANISM, episodes=EPISODES, seed=seed)


def resident():
    """Return the present size of this process, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def measured(server, calls, play):
    """Return calls a second, and milliseconds of processor a call in this process."""
    begun = time.process_time()
    play()
    return server.rate(), (time.process_time() - begun) / calls * 1e3


def compare(name, latency, game, prompts, repeats):
    server, bare_runs, our_runs = Server(latency), [], []
    os.environ["OPENAI_BASE_URL"] = server.url
    asyncio.run(bare(server.url, game, prompts[:1]))  # imports and compiled code, on both sides
    simulate(game, "llm:warm", MECHANISM, episodes=1)
    server.rate()
    calls = EPISODES * len(prompts)
    for repeat in range(repeats):
        bare_runs.append(measured(server, calls, partial(ask_bare, server.url, game, prompts)))
        before = resident()
        our_runs.append(measured(server, calls, partial(ours, game, repeat)))
        grown = peak() - before
    server.stop()
    bare_rate, bare_cpu = (statistics.median(column) for column in zip(*bare_runs, strict=True))
    our_rate, our_cpu = (statistics.median(column) for column in zip(*our_runs, strict=True))
    print(
        f"{name}: bare loop {bare_rate:.0f} calls/s, mechlab {our_rate:.0f}: "
        f"{our_rate / bare_rate:.0%}"
    )
    print(
        f"  processor time a call: bare loop {bare_cpu:.2f} ms, mechlab {our_cpu:.2f} ms "
        f"({bare_cpu / our_cpu:.0%})"
    )
    return {
        "bare": bare_rate,
        "mechlab": our_rate,
        "share": our_rate / bare_rate,
        "cpu_share": bare_cpu / our_cpu,
        "mb_per_episode": grown / EPISODES,
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=20, help="of the measured episodes")
    arguments.add_argument("--repeats", type=int, default=1)
    asked = arguments.parse_args()
    os.chdir(tempfile.mkdtemp())
    whole = make_game("sharing")
    cost = rehearse(whole, parse(MECHANISM), PromptOptions(), "baseline")
    full = rehearse(whole, parse(MECHANISM), PromptOptions(history="full"), "baseline")
    print(
        f"10 agents, 20 rounds: {sum(cost.tokens):,.0f} tokens ({cost.calls} calls), "
        f"{sum(cost.tokens) / sum(full.tokens):.0%} of the full history's; "
        f"{cost.shared_share:.0%} of prompts in a shared prefix"
    )
    game, prompts = make_game("sharing", {"rounds": asked.rounds}), []
    simulate(game, [Recorder(game, i, prompts) for i in range(game.agents)], MECHANISM, episodes=1)
    found = {
        name: compare(name, latency, game, prompts, asked.repeats)
        for name, latency in LATENCIES.items()
    }
    most = max(one["mb_per_episode"] for one in found.values())
    print(f"memory: at most {most:.2f} MB an episode in flight")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
