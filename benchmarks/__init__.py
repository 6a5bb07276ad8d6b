"""What is measured by hand: the one home of measurements of this project.

A benchmark answers what a test cannot: how fast, how much memory, which of several methods, what
after a thousand repeats. Each is run by `python -m benchmarks.NAME`, and a document cites it. What
a test repeats at every commit is not here, and no test holds a figure from here.

    container cases full_disk fuzz install      docs/reliability.md; `record` keeps what they found
    install_wheel kills load memory network
    privacy responsiveness restart
    archive borders bundle calibration start    docs/measurements.md
    cropped_twins decoders duplicates map_check
    gate_cases gate_kinds lung_crops seen_before
    second_reader shortcut_meter smoothing
    stand_in                                    docs/results.md
    exactly_once                                docs/cluster.md
    case_tables folders leftovers load_figures  what several of them use
    servers sessions tracing visitors

`python -m covid_core bench` is a command of the product, and its room stays there: it measures the
user's machine, and needs neither this folder nor the tests, which no container has.
"""
