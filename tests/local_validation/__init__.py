"""Tests of a site's own validation."""
