"""What people do, one module a verb, each joining the rooms below: train, evaluate, score, inspect, data.

This room knows no arguments and no terminals: the command line and Python call the same functions.
"""
