"""The user's file of options: where it is looked for, what it may say, and what of it is wrong."""
