"""The docs route: which figures a component needs, what to ask for them, and what was found.

``subject`` says a component in the words that facts use, ``needs`` which figures it wants,
``queries`` what to ask, ``coverage`` whether a fact answers, ``search`` runs the rounds,
``evidence`` and ``recall`` turn facts and past decisions into evidence.
"""
