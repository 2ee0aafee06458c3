"""Text classifiers: a BERT-style encoder under one linear layer, trained, distilled, made small and exported."""
