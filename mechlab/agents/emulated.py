"""Emulated agents."""
