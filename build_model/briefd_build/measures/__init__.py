"""What a bundle takes, how good its answers are, and whether a stage of a recipe pays."""
