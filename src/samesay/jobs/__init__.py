"""What people do, one module a verb, each joining the rooms below."""
