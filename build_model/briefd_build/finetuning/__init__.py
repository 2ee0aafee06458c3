"""Fine-tuning: a language model learns to summarize as a file of pairs does, with LoRA or all of its weights."""
