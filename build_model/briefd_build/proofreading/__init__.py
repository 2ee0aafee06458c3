"""Training the proof-reader from gold trees alone, and measuring what it is worth."""
