"""What a site runs to see that its own Osler holds: the fail-closed matrix, and faults on scratch folders.

    scenario   what a scenario is given and what comes of it
    faults/    one file per kind of fault: kills, full disks, damaged files, clocks, second processes

It stands above the edges because it drives them from outside, over sockets and processes, as a client would.
"""
