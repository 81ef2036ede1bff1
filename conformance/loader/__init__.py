"""What is judged by: a suite, read from its folder."""
