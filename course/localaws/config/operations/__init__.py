"""The API of rules and their compliance. moto serves the other operations of Config."""
