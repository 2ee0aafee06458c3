"""What a bundle is worth: every measure on the engine that serves it."""
