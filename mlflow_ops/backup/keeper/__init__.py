"""The host's own program: it takes backups, fetches them, and puts databases in their place.

It travels to the host as one zip file with nothing of ours but itself and the layout, and needs
only what the server's environment has: the standard library and boto3.
"""
