"""The pages of sesr."""
