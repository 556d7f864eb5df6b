"""Model servers, the instances and variants that they form, and the client that sends requests to them."""
