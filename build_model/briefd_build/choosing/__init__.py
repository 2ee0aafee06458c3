"""Learning the choice of the sentence: which of a text's sentences a person would pick, from texts with summaries."""
