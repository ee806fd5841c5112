"""Pairs and blocks made by rules: labels are true by construction.

Knows texts, and no tables, files or models.
"""
