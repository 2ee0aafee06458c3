"""What a word, a sentence and a language are: one definition for daemon, builder and tests."""
