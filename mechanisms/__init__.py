"""The built-in mechanisms, each in a file of its own; importing this package registers them."""

from mechanisms.answer_bonus import AnswerBonus
from mechanisms.contract import Contract
from mechanisms.decaying_bonus import DecayingBonus
from mechanisms.deposit import Deposit
from mechanisms.externality_subsidy import ExternalitySubsidy
from mechanisms.falsification_fine import FalsificationFine
from mechanisms.hidden import Hidden
from mechanisms.matching import Matching
from mechanisms.none import NoMechanism
from mechanisms.protocol import Protocol
from mechanisms.reciprocity_bonus import ReciprocityBonus
from mechanisms.reputation import Reputation
from mechanisms.royalty import Royalty
from mechanisms.sharing_bonus import SharingBonus
from mechanisms.team_share import TeamShare
from mechanisms.tournament import Tournament
from mechanisms.use_bonus import UseBonus
from mechanisms.withholding_fine import WithholdingFine

__all__ = [
    "AnswerBonus",
    "Contract",
    "DecayingBonus",
    "Deposit",
    "ExternalitySubsidy",
    "FalsificationFine",
    "Hidden",
    "Matching",
    "NoMechanism",
    "Protocol",
    "ReciprocityBonus",
    "Reputation",
    "Royalty",
    "SharingBonus",
    "TeamShare",
    "Tournament",
    "UseBonus",
    "WithholdingFine",
]
