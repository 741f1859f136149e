"""Values computed from games and searches, each of which can be had without a report.

- ``comparison``: ``Comparison`` of several searched studies: entries, rankings, promises.
- ``decomposition``: ``decompose`` a group into cooperation and competence.
- ``findings``: ``findings`` of a search: replay, limits, fits, checks and transfer of its answer.
- ``replication``, ``tensions``: ``replicate`` the published study, figure by figure.
- ``sweep``: ``Sweep``, a question in which one thing varies.
"""
