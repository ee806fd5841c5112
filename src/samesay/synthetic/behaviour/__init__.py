"""The blocks of the behaviour suite, capability by capability, by seed."""
