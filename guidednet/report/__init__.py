"""Tables, figures and the page that collects them. Everything here reads finished runs and trains
nothing.
"""
