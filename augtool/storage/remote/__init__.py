"""Object stores: ``s3://``, ``gs://`` and ``az://`` URLs, read through obstore, an extra."""
