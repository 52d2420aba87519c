"""Starts the real servers, the real operator and real peers for the end-to-end tests."""
