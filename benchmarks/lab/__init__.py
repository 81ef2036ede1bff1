"""What the benchmarks share: processes, the load generator, the bare servers, figures."""
