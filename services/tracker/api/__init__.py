"""The API of tracker."""
