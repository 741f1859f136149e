"""Games that are small enough to count by hand, and the verdict of one check."""

from mechlab.checks import check
from mechlab.games import Matrix, Sharing

SMALL = Sharing(agents=4, pieces=40, rounds=8)
PD = Matrix(table="5,5 -1,7; 7,-1 1,1")  # T, R, P, S = 7, 5, 1, -1


def one(name, mechanism, game):
    """Return the verdict of one check."""
    return check(mechanism, game, only=[name])[name]
