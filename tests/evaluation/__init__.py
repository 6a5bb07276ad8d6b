"""Tests of the honest figures."""
