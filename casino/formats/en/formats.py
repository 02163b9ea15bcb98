"""Times with seconds, so that a round or a transfer can be found by them. All times are UTC."""

DATETIME_FORMAT = "Y-m-d H:i:s"
DATE_FORMAT = "Y-m-d"
