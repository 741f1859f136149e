"""The words of a report, explained."""

GLOSSARY = {
    "perfect": (
        "Group revenue of perfect play: every agent asks every holder for what it lacks, every "
        "request is answered truthfully the moment it is made, and every complete task is "
        "submitted."
    ),
    "sequential": (
        "Group revenue of the same perfect agents where each answers only on its own turn, as "
        "live agents must. Agents that only ask and answer can reach this and no more."
    ),
    "optimum": (
        "The largest group revenue that the rules permit: every agent gives everything it has "
        "unasked at once. It lies well above perfect play."
    ),
    "efficiency": "Group revenue over that of perfect play, at the same settings and seeds.",
    "optimality": "Group revenue over the optimum's, at the same settings and seeds.",
    "target": (
        "The mean group revenue that counts as enough, as a share of a reference point, and how "
        "sure the search must be of it."
    ),
    "mechanism": "A rule that changes what agents are paid, told or shown.",
    "size": (
        "What the study wants to be smallest: a parameter of the mechanism, its spend or its "
        "subsidy."
    ),
    "spend": "All positive payments to agents in an episode, whoever funds them.",
    "subsidy": (
        "Net payments from outside the group in an episode: payments less fines and contributions."
    ),
    "certified": (
        "A sequential test on fresh episodes showed, at the stated confidence, that hi is enough "
        "(and that lo is not)."
    ),
    "unreachable": (
        "Fresh episodes showed that even the best setting found in range is not enough."
    ),
    "out of budget": "The search used up its episodes before a size was shown to be enough.",
    "lo": (
        "The lower end of the interval of the smallest sufficient size: shown not to be enough."
    ),
    "hi": (
        "The upper end of the interval of the smallest sufficient size, shown to be enough: the "
        "answer."
    ),
    "bound": (
        "A one-sided bound of a mean, at the error that the certificate's design spends at that "
        "look: looking more than once does not spoil it, and all candidates' intervals hold at "
        "once."
    ),
    "condition": "A variant of the game's rules: the system asks, the system answers, and so on.",
    "frontier": "The trials than which none was both cheaper and better.",
    "trial": "One setting of a mechanism, explored in a few episodes.",
    "emulated": (
        "A stand-in for a language model: a few propensities fitted to published figures. It is "
        "not the model itself, and no call to a model was made."
    ),
    "Gini": (
        "Inequality of income: 0 where all agents have the same, near 1 where one has everything."
    ),
    "Lorenz curve": ("The share of all income that the poorest part of the agents have together."),
    "95% interval": ("Made by a rule whose intervals hold the true mean in 95 of 100 repetitions."),
}
