"""On the sample workspace, whose truth is known, the intervals that are shown contain it.

The workspace is read by the whole pipeline; a labeller who is never wrong answers from the truth
for conversations drawn by chance. One draw alone would be luck: several are looked at, and of all
their intervals nine in ten at least must hold.
"""
