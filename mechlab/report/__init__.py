"""The report of a search: one HTML page that opens anywhere, offline."""

from mechlab.report.build import write_comparison, write_report
from mechlab.report.verdict import Verdict, verdict

__all__ = ["Verdict", "verdict", "write_comparison", "write_report"]
