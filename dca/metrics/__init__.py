"""The metrics route: which running workload a component is, and what its history says.

``rules`` holds what the user may set, ``names`` compares what things are called, ``signs`` weighs
what else speaks for a workload, ``resolve`` chooses one or none, ``containers`` finds the container
in it, ``chosen`` follows ``--workload``. ``series`` and ``shapes`` reduce arrays, ``load`` finds
the cost of a request, ``slices`` cuts the window, ``summary`` joins them. ``evidence`` turns
summaries into evidence, ``read`` asks the source for all components together, ``remembered`` the
telemetry index.
"""
