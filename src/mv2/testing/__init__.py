"""Contract suites and simulated disks, for mv2 itself and for whoever builds on it.

    contracts       suites to inherit: any file system, any power cut
    recording       a disk that writes down what reaches it
    power, fates    what a power cut can leave of that
    events          the record itself
    careless        disks that forget a sync, to see that the suites notice
    faults          a disk on which a chosen call fails
    stage, scenarios, check     stories played on a recording disk, and how they are judged
    observe         everything a memory shows, as values that can be compared
    model           a memory in plain dictionaries, to compare the real one with
    worker, processes           programs to race and kill, and what must be true afterwards
    live            which bytes of a file matter, and ways to change one
    original_rules  whether the original engine would open a file

Needs pytest, and nothing else beyond mv2.
"""
