"""No two uses of a seed share an episode."""

from itertools import pairwise

from mechlab import streams
from mechlab.simulation import episode_seeds

RANGES = sorted(
    (stream for stream in vars(streams).values() if isinstance(stream, range)),
    key=lambda stream: stream.start,
)


def test_no_two_streams_meet():
    assert len(RANGES) >= 5
    assert all(one.stop <= other.start for one, other in pairwise(RANGES))


def test_streams_are_long_and_can_be_counted():
    assert all(len(stream) >= 1 << 32 for stream in RANGES)
    assert RANGES[-1].stop < 1 << 63


def test_the_first_episodes_of_all_streams_have_luck_of_their_own():
    seeds = [seed for s in RANGES for seed in episode_seeds(0, s.start, 100).tolist()]
    assert len(set(seeds)) == len(seeds)
