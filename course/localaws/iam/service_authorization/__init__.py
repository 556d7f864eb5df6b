"""Which permissions a call needs, from AWS's Service Authorization Reference: action, resources and condition keys, for every service."""
