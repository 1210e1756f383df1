"""The slow twin of the model: plain Python loops over people, pairs and offers, written to be read.

It is written from MODEL.md's sentences, not from the kernels, and imports nothing of what it checks: no kernels, no
phases, no NumPy. What it shares with the model is its vocabulary (tables, parameters, levers, policies, scenario) and
its luck: the same keyed numbers, one at a time. In the spirit of msprime's `algorithms.py`.

Arithmetic of one person, one employer, one market (the twins of `abm/kernels`):

    utility.py      what a job is worth, term by term
    choice.py       whether a decision opens, and what is chosen
    auction.py      what is bid for one person
    allocation.py   how one employer shares out its compute
    matching.py     who gets which post
    groups.py       medians, ranks, lots and shares of ties

A whole month (the twin of `abm/phases`), in the order of reading:

    month.py        the twelve phases as a list; step(world)
    world.py        Person, Employer, Team, Project, Tie; what everybody can look up
    copy.py         from_world(world): the world of month 0 as objects
    luck.py         the keyed draws, one number at a time
    jobs.py         the only functions that change where a person works
    effects.py      what a dated event does
    projects.py     the life of a project
    resources.py    procure, allocate, produce
    appraisal.py    appraise
    market.py       recruit, offer, choose, clear
    founding.py     found
    graph.py        tie
"""
