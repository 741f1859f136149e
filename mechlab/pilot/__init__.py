"""A study with a ``[pilot]`` table: few episodes of its own agents give the answer.

A few episodes are played, agents are emulated from them, and a search among those says where to
play held-out episodes of the study's own agents. The answer is a ``SearchResult`` as of any search.
"""

from mechlab.pilot.run import pilot

__all__ = ["pilot"]
