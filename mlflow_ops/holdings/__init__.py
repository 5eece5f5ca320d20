"""What the server holds, as its API tells it: runs, and registered models."""
