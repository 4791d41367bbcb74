"""Read runs from a Temporal namespace: an incremental mirror of histories, samples of what is pending, task queues.

    connection = await connect(TemporalConfig(), "default")
    async for part in read_round(connection, known=..., watermark=..., declared=..., clock=...):
        ...                               # a Batch: write it at once; last of all a RoundResult
    await connection.close()

`config` is what a `[[temporal]]` of the configuration says, `connect` and `rounds` have the two names above. What is
asked for comes from its own module: a command that only reads the warehouse need not load Temporal's library.

Read-only: nothing here signals, resets or terminates.
"""
