"""The pytest plugin: the suite as items of a test run, and a fixture for dialogues of one's own."""
