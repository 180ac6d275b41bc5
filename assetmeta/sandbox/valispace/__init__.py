"""The Valispace face of the sandbox: a REST API of component trees, calculated properties and requirements."""
