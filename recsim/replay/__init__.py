"""A world's traffic through the whole system: the stream plane, the request plane, and the batch at each midnight."""
