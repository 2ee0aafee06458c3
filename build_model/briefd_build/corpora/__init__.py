"""Reading the permissive corpora: treebanks and documents with human summaries."""
