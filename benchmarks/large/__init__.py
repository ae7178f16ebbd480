"""Networks of ordinary size, for an accelerator; each framework's in a module named after it."""
