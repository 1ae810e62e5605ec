"""From raw scans to crops: data sets, reading, preparing, the case store, splits, sampling."""
