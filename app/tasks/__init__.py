"""What a person must do, by when: visits, orders and measures, alarms, household lists.

Holds tasks and doors with the facts they are folded from. It calls nobody and decides nothing: whoever needs
a person asks here.
"""
