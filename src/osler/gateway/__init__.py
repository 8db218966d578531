"""The way of a request: policy, routing, the nine steps, and what is signed at the end."""
