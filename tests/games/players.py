"""Agents written in Python, as a user would write them, for tests of tables."""

from mechlab.games.sharing.view import SendInformation, SendMessage, SubmitTask


class Helper:
    """Answers all requests, asks the first holder of what it lacks, submits what is complete."""

    def act(self, view):
        answers = [SendInformation(to, pieces) for to, pieces in view.requests.items()]
        asks = [SendMessage(view.directory[piece][0], "please", (piece,)) for piece in view.lacking]
        done = [SubmitTask(task) for task in view.tasks if set(task) <= view.pieces.keys()]
        return [*done, *answers, *asks]


class Script:
    """Plays what a function of its view says, and remembers what it saw."""

    def __init__(self, turn):
        self.turn, self.seen = turn, []

    def act(self, view):
        self.seen.append(view)
        return self.turn(view)
