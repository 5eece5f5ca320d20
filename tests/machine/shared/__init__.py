"""What is asked of one stack on a real host, made once for all these tests."""
