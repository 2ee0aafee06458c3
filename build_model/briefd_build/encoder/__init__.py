"""The multi-task encoder: network, batches, training, pruning, export and quantization."""
