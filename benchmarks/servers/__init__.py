"""What the benchmarks run against and with: a model server, a load generator, appenders, texts."""
