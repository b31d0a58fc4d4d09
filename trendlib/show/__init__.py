"""Figures, tables and sentences for the chapters and pages."""
