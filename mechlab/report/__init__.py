"""Reports: pages that show results and compute none, each one HTML file that needs no server.

``study``, ``comparison``, ``decomposition``, ``replication`` and ``sweep`` make the pages, which
``write`` writes; ``verdict``, ``words`` and they have the sentences, which the terminal prints too.
"""

from mechlab.report._write import write

__all__ = ["write"]
