"""Figures and tables of what the method finds, as chapters and pages show them."""
