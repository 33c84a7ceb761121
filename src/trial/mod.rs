//! A trial is one run of one experiment with one seed, in a folder and a process of its own.
