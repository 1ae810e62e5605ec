"""From raw scans to crops: data sets, reading, preparation, the case store, splits, sampling."""
