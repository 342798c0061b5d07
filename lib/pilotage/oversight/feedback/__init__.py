"""The review log as data to learn from: examples to train on, tasks to evaluate with, texts for the guard."""
