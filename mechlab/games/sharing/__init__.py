"""The zero-cost sharing game: agents with unique pieces, tasks that need others' pieces.

Source of the rules: Yadav, Black and Sourbut, "More Capable, Less Cooperative? When LLMs Fail At
Zero-Cost Collaboration", arXiv 2604.07821 (ICML 2026), and the authors' released experiment code.
"""

from mechlab.games.sharing.game import Sharing

__all__ = ["Sharing"]
