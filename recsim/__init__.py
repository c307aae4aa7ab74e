"""recsim: simulate and evaluate an e-commerce search and recommendation system on one machine."""

__version__ = "0.1.0"
