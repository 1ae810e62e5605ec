"""Tables, figures and the page that collects them; reads finished runs and never trains."""
