"""An executed notebook as an HTML page that asks for nothing from the network."""
