"""What makes a network smaller: each way in a module of its own, for every BERT-style encoder."""
