"""The workloads of step.py, written once for each framework."""
