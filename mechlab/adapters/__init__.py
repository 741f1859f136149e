"""Other libraries' games under our mechanisms, and our games in other libraries' form.

``mechlab.adapters.pettingzoo``, for PettingZoo: ``MechanismWrapper``, ``env``, ``parallel_env``,
``verbs``, ``Verbs``, ``Step``, ``rps``, ``simple_spread``.
"""
