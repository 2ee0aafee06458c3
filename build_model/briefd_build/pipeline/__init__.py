"""The compression pipeline: recipes, their stages, what is measured after each, and the gates of the whole."""
