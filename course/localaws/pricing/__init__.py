"""The Price List: the products for which the course's price table has a price, in the form in which AWS lists its own.

`products` makes them, `attributes` describes them, `filters` selects them, and `service` answers.
"""
