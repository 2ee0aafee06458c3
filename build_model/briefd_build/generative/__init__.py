"""Small language models of Hugging Face made into bundles that write a sentence of their own."""
