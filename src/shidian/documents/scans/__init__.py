"""Scans of our own papers: pages split and straightened, marks read, likeness and seals judged.

`reading`, `comparing`, `seals`, `boxes` and `text` are called by the system; what they ask is done by `worker` in a
process with limits on memory and time, with the modules of `pictures`. Nothing here knows applications or files.
"""
