"""The command line: one file a command, each of which parses, calls one workflow and prints.

The room holds no logic of the domain. What a command needs is imported when it runs, so that ``samesay
--help`` answers at once and nothing heavier than click is loaded for it.
"""
