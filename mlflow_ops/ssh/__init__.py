"""The keys of SSH at both ends: the operator's, and the one that the host shows."""
