"""What would keep `up` from working here: looked at before anything is made, and changing nothing.

Each look is one function that returns a finding; `visit` runs them in order, whatever fails.
"""
