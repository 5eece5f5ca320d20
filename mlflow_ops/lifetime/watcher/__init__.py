"""The host's own program, which stops it: at its time limit, or when nobody uses its server.

It runs as root, from one file, with nothing but Python's library, and has no right on AWS: it can
switch off the machine that it runs on, and nothing else.
"""
