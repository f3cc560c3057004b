"""What an undo brings back and takes away, in words."""

from shared.numbers import counted


def returns(back: int, gone: int, thing: str, what: str) -> str:
    """The sentence beside the button: how many things get back `what` they had, how many are removed."""
    parts = []
    if back:
        parts.append(f"{counted(back, thing)} {'gets' if back == 1 else 'get'} back the {what} from before this file")
    if gone:
        parts.append(f"{counted(gone, thing)} that came with it {'is' if gone == 1 else 'are'} removed")
    return f"{', and '.join(parts) or 'Nothing changes'}."
