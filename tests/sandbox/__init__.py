"""The sandbox, by its promises: a real process, a real AWS client and a real SSH client."""
