"""Hugging Face's image folders, and parquet files with pictures in them, in."""
