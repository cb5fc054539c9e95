"""The harvest engine: reads departments' systems and plans what changes in the catalogue.

Knows nothing of CKAN: it speaks to the catalogue and the ledger through `harvesters.ports`.
"""
