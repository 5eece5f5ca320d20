"""How long a stack runs: its time limit, and its end when nobody uses its server."""
