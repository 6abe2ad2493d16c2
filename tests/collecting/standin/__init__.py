"""A loopback stand-in for X: a proxy that ends TLS for any host, forwards nothing, and answers as X does."""
