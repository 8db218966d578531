"""The benchmark runner: contenders in interleaved rounds, CPU by process tree, one result format.

    contenders   what a benchmark is made of
    schedule     in which order the rounds are run
    measure      runs a benchmark and gives a Result
    cpu          CPU time of whole process trees
    pin          which cores a process may use
    processes    child processes that die with the runner
    machine      what the benchmark ran on
    result       the one format; result.schema.json is made from it
    intervals    medians and ratios with bootstrap intervals
    render, plot Markdown and SVG, made from results only
    compare      two results of one benchmark
    catalogue    finds the benchmarks in this folder

`../run.py` is the command. Nothing here is part of the wheel.
"""
