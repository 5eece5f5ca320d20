"""Who may do what: the least policy of each command, and users with all that is on them."""
