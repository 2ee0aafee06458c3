"""The recipe of the example model that writes headlines: a small GPT-NeoX, trained from nothing."""
