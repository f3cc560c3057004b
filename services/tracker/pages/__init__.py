"""The pages of tracker."""
