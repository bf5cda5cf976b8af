"""Answers to questions: what to look for, which passages count, and what is said about them."""
