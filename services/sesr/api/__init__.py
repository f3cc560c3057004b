"""The API of sesr."""
