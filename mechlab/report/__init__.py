"""Reports: pages that show results and compute none, each one HTML file that needs no server.

Pages of a search and of a comparison are written from here. ``decomposition``, ``replication``,
and ``sweep`` make the pages of those results, for ``write``, and their sentences, which
the terminal prints too; ``verdict`` and ``words`` have those of a search.
"""

from mechlab.report._write import write, write_comparison, write_report

__all__ = ["write", "write_comparison", "write_report"]
