"""Programs for `reproduce.sh` and for maintainers; the package never imports them."""
