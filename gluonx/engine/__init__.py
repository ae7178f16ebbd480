"""How work is recorded, compiled and run."""
