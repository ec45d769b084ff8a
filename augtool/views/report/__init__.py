"""The page that shows what a finished output holds."""
