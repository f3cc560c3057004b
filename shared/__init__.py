"""The platform under the five services; it knows none of them."""
