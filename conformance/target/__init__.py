"""Who is judged: the server under test, its process and its hooks."""
