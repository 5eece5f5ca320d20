"""The way from this machine to the server: its address, a tunnel, the login and the proof."""
