"""The generative engine: a small language model writes a sentence of its own, held to the length while it decodes."""
