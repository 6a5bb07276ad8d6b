"""What is measured by hand: the one home of measurements of this project.

A benchmark answers what a test cannot: how fast, how much memory, which of several methods, what
after a thousand repeats. Each is run by `python -m benchmarks.NAME`, and a document cites it. What
a test repeats at every commit is not here, and no test holds a figure from here.

    container cases full_disk fuzz install      docs/reliability.md; `record` keeps what they found
    kills load memory network privacy restart
    archive borders bundle calibration start    docs/measurements.md
    cropped_twins decoders duplicates map_check
    seen_before shortcut_meter smoothing
    stand_in                                    docs/results.md
    folders leftovers load_figures servers      what several of them use
    sessions tracing visitors

`python -m covid_core bench` is a command of the product, and its room stays there: it measures the
user's machine, and needs neither this folder nor the tests, which no container has.
"""
