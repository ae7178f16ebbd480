"""File formats, one module for each, and files that are whole or not there."""
