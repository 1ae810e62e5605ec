"""Whole reproductions: data, runs, notebooks, tables and the page that collects them."""
