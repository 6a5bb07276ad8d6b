"""Tests of what runs the networks."""
