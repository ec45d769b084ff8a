"""The inventory of a data set: classes, sizes, broken files, duplicates."""
