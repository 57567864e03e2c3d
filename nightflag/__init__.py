"""nightflag: nightly anomaly flags in SQL that can be trusted and replayed.

Everything here would exist without Prefect. A stage of the night is one room, named by its noun,
and its main function is the verb: :func:`records.pull`, :class:`validation.RowSuite`,
:func:`features.fit`, :func:`detectors.fit`, :func:`scoring.score`, :func:`publication.publish`.
:mod:`nightflag.nights` puts them in order, ``flows`` runs them.
"""
